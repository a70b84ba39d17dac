// A channel by itself: its filter, and the pictures of the data that it answers to most.
import { grid } from "./arithmetic.js";
import { $, element, percent, short } from "./elements.js";

const LARGE = 96;  // px of a kernel as a picture

let shown = "";  // the channel whose filter stands on the page

// The kernels of one that sees the picture itself: 0 is mid grey, the largest absolute value black or white.
function kernelPicture(kernels) {
  const [rows, columns] = [kernels[0].length, kernels[0][0].length];
  const largest = Math.max(1e-30, ...kernels.flat(2).map(Math.abs));
  const canvas = element("canvas", { width: columns, height: rows, class: "kernel", role: "img",
                                     "aria-label": "The kernel as a picture: 0 is mid grey" });
  canvas.style.width = `${LARGE}px`;
  const pen = canvas.getContext("2d"), pixels = pen.createImageData(columns, rows);
  for (let at = 0; at < rows * columns; at++) {
    const levels = kernels.map((kernel) => 255 * (kernel[Math.floor(at / columns)][at % columns] / largest / 2 + 0.5));
    pixels.data.set(levels.length === 3 ? [...levels, 255] : [levels[0], levels[0], levels[0], 255], 4 * at);
  }
  pen.putImageData(pixels, 0, 0);
  return canvas;
}

function kernels({ kernels: own, of_picture: isOfPicture, others, bias }) {
  const isPicture = isOfPicture && !others && (own.length === 1 || own.length === 3);
  return [
    ...(isPicture && own[0].kernel.length > 1 ? [kernelPicture(own.map(({ kernel }) => kernel))] : []),
    ...own.map(({ channel, kernel, share }) => grid(`for channel ${channel}, ${percent(share)} of it`, kernel)),
    ...(others ? [`and ${others} more channels, whose weights are smaller`] : []),
    ...(bias === null ? [] : [`bias ${short(bias)}`]),
  ];
}

function weights({ weights: own, others, bias }) {
  return [
    grid("the largest weights: of which value, and the weight", own.map(({ place, weight }) => [place, weight])),
    ...(others ? [`and ${others} more`] : []),
    ...(bias === null ? [] : [`bias ${short(bias)}`]),
  ];
}

function wordsOf(found) {
  if (found.kind === "kernels") return kernels(found);
  return found.kind === "weights" ? weights(found) : ["It has no weights: it only passes on, pools or adds up."];
}

// A picture, framed where the cell looks, and that part by itself.
function excited({ name, truth, value, picture, box, part }) {
  const words = `${truth ? `${truth}: ` : ""}${name}, ${short(value)}`;
  if (picture === null) return element("li", { text: `${words} (unreadable)` });
  const [left, top, right, bottom] = box.map((share) => 100 * share);
  const frame = element("i", { style: `left: ${left}%; top: ${top}%; width: ${right - left}%; height: ${bottom - top}%` });
  const whole = element("span", { class: "framed", children: [
    element("img", { src: `data:image/png;base64,${picture}`, alt: truth ? `a picture of ${truth}` : "a picture" }), frame] });  // its name stands below
  const cut = element("img", { src: `data:image/png;base64,${part}`, alt: "the part that its strongest cell sees" });
  return element("li", { children: [whole, cut, element("small", { text: words })] });
}

export async function showFilter(server, view, current) {
  const name = `${view.layer} ${view.channel}`;
  if (shown === name && !$("filter").hidden) return;
  shown = name;
  const isCurrent = () => shown === name && current().layer === view.layer && current().channel === view.channel;
  const found = await server.filter(view);
  if (!isCurrent()) return;
  $("filter-heading").textContent = `The filter of channel ${view.channel}`;
  $("weights").replaceChildren(...wordsOf(found));
  $("exciting").replaceChildren();
  $("excited-words").textContent = "";
  $("filter").hidden = false;
  $("excited").hidden = !server.exciting;
  for (let done = !server.exciting; !done && isCurrent();) {
    let told;
    try {
      told = await server.exciting(view);
    } catch (problem) {
      if (isCurrent()) $("excited-words").textContent = problem.message;
      return;
    }
    if (!isCurrent()) return;
    done = told.looked_at >= told.of;
    $("excited-words").textContent = !told.of ? "There are no data: name some behind the network, as in convsight explore MODEL DATA."
      : done ? `Of ${told.of} pictures; the frame is what the strongest cell sees.` : `${told.looked_at} of ${told.of} pictures …`;
    $("exciting").replaceChildren(...told.pictures.map(excited));
  }
}
