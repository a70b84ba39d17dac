// A small chart of precision and recall over the threshold, with a line at the one that is chosen.
const SVG = "http://www.w3.org/2000/svg";
const WIDE = 320, HIGH = 150, LEFT = 34, LOW = 22;

function svg(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

const across = (share) => LEFT + share * (WIDE - LEFT - 8);
const down = (share) => 8 + (1 - share) * (HIGH - LOW - 8);

// Pieces of a line: where nothing is found there is no precision.
function pathOf(thresholds, shares) {
  let drawn = "", before = false;
  shares.forEach((share, place) => {
    if (share !== null) drawn += `${before ? "L" : "M"}${across(thresholds[place]).toFixed(1)} ${down(share).toFixed(1)}`;
    before = share !== null;
  });
  return drawn;
}

export function chartOf({ thresholds }, { precision, recall }, at) {
  const drawn = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": "Precision and recall over the threshold" });
  for (const share of [0, 0.5, 1]) {
    drawn.append(
      svg("line", { class: "axis", x1: across(0), x2: across(1), y1: down(share), y2: down(share) }),
      svg("text", { class: "tick", x: LEFT - 5, y: down(share) + 4, "text-anchor": "end" }, share),
      svg("text", { class: "tick", x: across(share), y: HIGH - 5, "text-anchor": "middle" }, share));
  }
  drawn.append(
    svg("path", { class: "curve s0", d: pathOf(thresholds, precision) }),
    svg("path", { class: "curve s1", d: pathOf(thresholds, recall) }));
  if (at !== null) drawn.append(svg("line", { class: "mark", x1: across(at), x2: across(at), y1: down(0), y2: down(1) }));
  return drawn;
}

export function keyOf(name, kind) {
  const line = svg("svg", { viewBox: "0 0 36 10", "aria-hidden": "true" });
  line.append(svg("line", { class: `curve ${kind}`, x1: 0, x2: 36, y1: 5, y2: 5 }));
  const item = document.createElement("li");
  item.append(line, name);
  return item;
}
