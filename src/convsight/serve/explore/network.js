// The strip of layers with their volumes to scale, and the maps of the layer that is open.
import { $, element, pngOf, short } from "./elements.js";

const TALLEST = 64, THICKEST = 46, LONGEST = 64, SLANT = 0.35;  // px
const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

export function volumeText(volume) { return volume.join(" × "); }

function kindOf({ kinds, volume }) {
  if (volume.length === 1) return "vector";
  return kinds[0] === "convolution" ? "convolution" : kinds[0].includes("pooling") ? "pooling" : "other";
}

// Sides share one scale, channels another, the lengths of vectors a third.
export function scalesOf(layers) {
  const maps = layers.filter(({ volume }) => volume.length === 3).map(({ volume }) => volume);
  const vectors = layers.filter(({ volume }) => volume.length === 1).map(({ volume }) => volume[0]);
  return {
    side: TALLEST / Math.max(1, ...maps.map(([rows, columns]) => Math.max(rows, columns))),
    thick: THICKEST / Math.max(1, ...maps.map(([, , channels]) => channels)),
    long: LONGEST / Math.max(1, ...vectors),
  };
}

function box(layer, scales) {
  const { volume } = layer;
  const isVector = volume.length === 1;
  const [rows, columns, channels] = isVector ? [0, 0, 0] : volume;
  const high = Math.max(2, isVector ? volume[0] * scales.long : rows * scales.side);
  const deep = isVector ? 3 : SLANT * columns * scales.side;
  const long = Math.max(2, isVector ? 6 : channels * scales.thick);
  const drawn = svg("svg", { width: long + deep + 1, height: high + deep + 1, "aria-hidden": "true" });
  const kind = `box ${kindOf(layer)}`;
  drawn.append(
    svg("rect", { class: kind, x: 0, y: deep, width: long, height: high }),
    svg("polygon", { class: kind, "fill-opacity": .55,
                     points: `0,${deep} ${deep},0 ${deep + long},0 ${long},${deep}` }),
    svg("polygon", { class: kind, "fill-opacity": .75,
                     points: `${long},${deep} ${long + deep},0 ${long + deep},${high} ${long},${high + deep}` }),
  );
  return drawn;
}

export function drawTile(canvas, sprite, place, rows, columns) {
  canvas.width = columns;
  canvas.height = rows;
  canvas.getContext("2d").drawImage(sprite, 0, place * rows, columns, rows, 0, 0, columns, rows);
}

// Tabs, one of which is in the order of the keyboard; arrows go from one to the next.
export function fillStrip(layers, open, seen) {
  const scales = scalesOf(layers);
  const tabs = layers.map((layer, place) => element("button", {
    type: "button", role: "tab", "aria-selected": "false", "aria-controls": "layer", tabindex: place ? -1 : 0,
    "data-layer": layer.name, onclick: () => open(layer.name),
    children: [box(layer, scales), element("span", { class: "thumbs", "aria-hidden": "true" }),
               element("span", { text: layer.name }),
               element("small", { text: volumeText(layer.volume) }),
               element("small", { text: layer.kinds.join(" + ") })],
  }));
  $("strip").replaceChildren(...tabs);
  $("strip").onkeydown = (event) => {
    const at = tabs.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (at < 0 || to === undefined || !tabs[to]) return;
    event.preventDefault();
    tabs[to].focus();
  };
  const watch = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) seen(target.dataset.layer);
  }, { rootMargin: "0px 200px" });
  for (const tab of tabs) watch.observe(tab);
  $("scale").textContent = `Volumes are to scale: a pixel is ${short(1 / scales.side)} cells of a side, ` +
    `${short(1 / scales.thick)} channels, ${short(1 / scales.long)} values of a vector.`;
}

export function tabOf(name) {
  return [...$("strip").children].find((tab) => tab.dataset.layer === name);
}

export function select(name) {
  if (!tabOf(name)) return;  // an address may name what is not there
  for (const tab of $("strip").children) {
    const isIt = tab.dataset.layer === name;
    tab.setAttribute("aria-selected", isIt);
    tab.tabIndex = isIt ? 0 : -1;
  }
}

// Three maps under a volume, as soon as it is seen.
export function fillThumbs(name, layer, sprite) {
  const thumbs = tabOf(name)?.querySelector(".thumbs");
  if (!thumbs || !sprite) return;
  const [rows, columns] = layer.volume;
  thumbs.replaceChildren(...layer.shown.slice(0, 3).map((_, place) => {
    const canvas = element("canvas");
    drawTile(canvas, sprite, place, rows, columns);
    return canvas;
  }));
}

export async function spriteOf(layer) { return layer.sprite ? pngOf(layer.sprite) : null; }

function words(layer, { channel, low, high, value }, classes) {
  const name = layer.volume[0] === classes.length && layer.volume.length === 1 ? ` (${classes[channel]})` : "";
  return value === undefined ? `${channel}: ${short(low)} to ${short(high)}` : `${channel}${name}: ${short(value)}`;
}

// The maps of the open layer, each a button; of a vector its values, named where they are those of `classes`.
export function fillMaps(layer, sprite, classes, choose) {
  const [rows, columns] = layer.volume;
  $("layer").hidden = false;
  $("layer-heading").textContent = layer.name;
  const count = layer.volume.at(-1) === 1 ? 1 : layer.volume.at(-1);
  const what = sprite ? "the strongest maps, each on a scale of its own, black its smallest value and white its largest"
    : "the strongest values";
  $("layer-words").textContent =
    `${layer.kinds.join(", then ")}: ${volumeText(layer.volume)}. Of ${count} ${sprite ? "channels" : "values"} ${what}.`;
  $("maps").replaceChildren(...layer.shown.map((one, place) => {
    const button = element("button", { type: "button", "data-channel": one.channel, "aria-pressed": "false",
                                       "aria-label": `channel ${words(layer, one, classes)}`,
                                       onclick: () => choose(one.channel) });
    if (sprite) {
      const canvas = element("canvas");
      drawTile(canvas, sprite, place, rows, columns);
      button.append(canvas);
    }
    button.append(words(layer, one, classes));
    return element("li", { children: [button] });
  }));
}

// One map, large, with its cells to click or to go to by arrows.
export function fillMap(layer, sprite, { channel, row, column }) {
  $("one").hidden = false;
  for (const button of $("maps").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", Number(button.dataset.channel) === channel);
  }
  const isMap = sprite !== null;
  $("map").hidden = !isMap;
  const [rows, columns, channels] = isMap ? layer.volume : [1, 1, layer.volume[0]];
  for (const [name, value, most] of [["channel", channel, channels], ["row", row, rows], ["column", column, columns]]) {
    $(name).value = value;
    $(name).max = most - 1;
    $(name).parentElement.hidden = name !== "channel" && !isMap;
  }
  if (!isMap) return;
  const place = layer.shown.findIndex((one) => one.channel === channel);
  const times = Math.max(1, Math.min(40, Math.ceil(416 / Math.max(rows, columns))));
  const canvas = $("map"), pen = canvas.getContext("2d");
  canvas.width = columns * times;
  canvas.height = rows * times;
  canvas.style.width = `${canvas.width}px`;
  pen.imageSmoothingEnabled = false;
  pen.drawImage(sprite, 0, place * rows, columns, rows, 0, 0, canvas.width, canvas.height);
  const edge = Math.max(2, times / 8);
  for (const [colour, more] of [["#000", edge], ["#ffd400", 0]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = edge;
    pen.strokeRect(column * times - more / 2, row * times - more / 2, times + more, times + more);
  }
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label",
    `Map of channel ${channel}, ${rows} rows and ${columns} columns; at row ${row}, column ${column}. Arrows move.`);
  $("map-words").textContent = "Click a cell, or move with the arrows.";
}

// The cell (row, column) under a pointer.
export function cellAt(event, [rows, columns]) {
  const { left, top, width, height } = $("map").getBoundingClientRect();
  const along = (at, long, count) => Math.min(count - 1, Math.max(0, Math.floor(at / long * count)));
  return { row: along(event.clientY - top, height, rows), column: along(event.clientX - left, width, columns) };
}
