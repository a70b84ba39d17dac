// The explorer: which picture, which layer, which cell; all else follows from these, and the address tells them.
import { spoken } from "./answer.js";
import { deployedWords, showCell } from "./arithmetic.js";
import { takeCamera } from "./camera.js";
import { $, say } from "./elements.js";
import { showFilter } from "./filter.js";
import { Brush, showMap, takeMaps } from "./hiding.js";
import { cellAt, fillMap, fillMaps, fillStrip, fillThumbs, select, spriteOf, tabOf } from "./network.js";
import { takePlane } from "./plane.js";
import { showFound, takeThresholds } from "./thresholds.js";
import { fillSamples, markSample, takeDrawing, takeFiles } from "./picture.js";
import { Server } from "./server.js";

const server = new Server();
const KEPT = 24;  // layers whose maps stay in the page

let network, brush;
let picture = null;  // { file, name, label, sample, answer }
let turn = 0;  // of the picture: what comes back for an earlier one is thrown away
let view = {};  // { layer, channel, row, column }
let answered = {};  // the last view that the server had the numbers of: back to it from a cell that is not there
const kept = new Map();  // by layer: { layer, sprite }
let waiting = Promise.resolve();

function problem(error) { say(error.message); }

function remember() {
  const now = new URLSearchParams();
  if (picture?.sample !== undefined) now.set("sample", picture.sample);
  else if (picture) now.set("picture", picture.name);
  if ($("method").value) now.set("method", $("method").value);
  for (const [name, value] of Object.entries(view)) if (value !== undefined) now.set(name, value);
  history.replaceState(null, "", `#${now}`);
  $("link").href = `#${now}`;
}

// Look at another picture, at the same place of the network or at that which an address names.
async function give(file, label, sample, named) {
  const mine = ++turn;
  say("…");
  let taken, answer;
  try {
    taken = await server.take(file);
    answer = await server.predict(file);
  } catch (error) {
    if (mine === turn) problem(error);
    return false;
  }
  if (mine !== turn) return false;
  picture = { file, name: taken.picture, label, sample, answer, size: taken.size };
  kept.clear();
  for (const thumbs of $("strip").querySelectorAll(".thumbs")) thumbs.replaceChildren();
  markSample(sample);
  await show(taken);
  if (mine !== turn) return false;
  $("inside").hidden = $("looked-at").hidden = false;
  brush.clear();
  showFound();
  showMap(server, () => picture);
  say(taken.remark || `${label}: ${spoken(answer)}`);
  remember();
  const at = named ?? view;
  if (at.layer) await open(at.layer, at).catch(problem);
  lookAgain();
  return true;
}

async function show(taken) {
  const shown = $("shown");
  const before = shown.src;
  shown.src = URL.createObjectURL(picture.file);
  if (before.startsWith("blob:")) URL.revokeObjectURL(before);
  // Formats that the browser cannot read are shown as the network sees them.
  await shown.decode().catch(() => { if (taken.seen) shown.src = `data:image/png;base64,${taken.seen}`; });
  shown.alt = `${picture.label}: ${spoken(picture.answer)}`;
  $("caption").textContent = `${picture.label}, ${taken.size[0]} × ${taken.size[1]} px`;
}

// The maps of a layer, from the page where they still are. One request after the other.
function layerOf(name, channel) {
  const mine = turn;
  const ask = async () => {
    const old = kept.get(name);
    if (old && (channel === undefined || old.sprite === null && old.layer.shown.length === old.layer.volume[0] ||
                old.layer.shown.some((one) => one.channel === channel))) return old;
    if (mine !== turn) return null;
    const layer = await server.layer(picture, name, channel);
    const found = { layer, sprite: await spriteOf(layer) };
    if (mine !== turn) return null;
    kept.delete(name);
    kept.set(name, found);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
    fillThumbs(name, layer, found.sprite);
    return found;
  };
  waiting = waiting.then(ask, ask);
  return waiting;
}

// Maps under the volumes that can be seen, where they are missing.
function seen(name) {
  if (!picture || tabOf(name).querySelector("canvas")) return;
  layerOf(name).catch(() => {});
}

function lookAgain() {
  const { left, right } = $("strip").getBoundingClientRect();
  for (const tab of $("strip").children) {
    const at = tab.getBoundingClientRect();
    if (at.right > left && at.left < right) seen(tab.dataset.layer);
  }
}

async function open(name, at = {}) {
  select(name);
  const before = view;
  const found = await layerOf(name, at.channel);
  if (!found) return;
  if (view !== before && view.layer === name) at = view;  // who looks has moved on meanwhile
  view = answered = { layer: name };
  fillMaps(found.layer, found.sprite, namesIn(name), (channel) => openCell({ channel }).catch(problem));
  $("one").hidden = $("cell").hidden = $("filter").hidden = true;
  tabOf(name).scrollIntoView({ block: "nearest", inline: "nearest" });
  remember();
  if (at.channel !== undefined) await openCell(at);
}

async function openCell({ channel, row = view.row ?? 0, column = view.column ?? 0 }) {
  const name = view.layer, mine = { layer: name, channel, row, column };
  view = mine;  // at once, so that arrows that come fast go on from here
  try {
    const found = await markCell(mine);
    const cell = found && await server.cell(picture, mine);
    if (!cell || view !== mine) return;
    answered = mine;
    remember();
    const place = found.sprite ? `channel ${channel}, row ${row}, column ${column}` : `value ${channel}`;
    showCell(cell, place);
    showFilter(server, view, () => view).catch(problem);
    say(`${name}, ${place}: ${cell.value ?? "no number"}`);
  } catch (error) {
    if (view === mine) await goBack();
    throw error;
  }
}

// Show the map that `place` is in, and where; null where something else is looked at by then.
async function markCell(place) {
  const found = await layerOf(place.layer, place.channel);
  if (!found || view !== place) return null;
  if (!found.layer.shown.some((one) => one.channel === Number($("maps").querySelector("[aria-pressed=true]")?.dataset.channel)) ||
      !$("maps").querySelector(`[data-channel="${place.channel}"]`)) {
    fillMaps(found.layer, found.sprite, namesIn(place.layer), (other) => openCell({ channel: other }).catch(problem));
  }
  fillMap(found.layer, found.sprite, place);
  return found;
}

async function goBack() {
  view = answered;
  if (view.channel === undefined) $("one").hidden = true;
  else await markCell(view);
}

// The classes are what the last layer tells, and no other that happens to have as many values.
function namesIn(name) { return name === network.layers.at(-1).name ? network.classes : []; }

function volumeOf(name) { return network.layers.find((layer) => layer.name === name).volume; }

function moveOnMap(event) {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!step) return;
  event.preventDefault();
  const [rows, columns] = volumeOf(view.layer);
  const within = (at, count) => Math.min(count - 1, Math.max(0, at));
  openCell({ ...view, row: within(view.row + step[0], rows), column: within(view.column + step[1], columns) }).catch(problem);
}

function numberOf(text) { return text === null ? undefined : Number(text); }

// What the address says, as a link brought it.
async function restore() {
  const told = new URLSearchParams(location.hash.slice(1));
  const at = { channel: numberOf(told.get("channel")), row: numberOf(told.get("row")), column: numberOf(told.get("column")) };
  if (told.has("method")) $("method").value = told.get("method");
  const named = told.has("layer") ? { layer: told.get("layer"), ...at } : undefined;
  if (told.has("sample")) await pick(Number(told.get("sample")), named);
  else if (told.has("picture")) say("This link is about a picture that was given to another page: give it here again.");
}

async function pick(number, named) {
  try {
    await give(await server.sample(number), network.samples[number].name, number, named);
  } catch (error) {
    problem(error);
  }
}

async function start() {
  say("…");
  network = await server.network();
  const { net, task, input, parameters, layers } = network;
  $("facts").textContent = `${net.length > 60 ? "own network" : net}: ${task} of ${input.width} × ${input.height} px, ` +
    `${parameters.toLocaleString("en")} parameters, ${layers.length} layers`;
  $("deployed").textContent = deployedWords(network.deployed);
  fillSamples(network.samples, server, pick);
  fillStrip(layers, (name) => open(name).catch(problem), seen);
  takeFiles((file, label) => give(file, label).catch(problem), say);
  takeCamera((file, label) => give(file, label).catch(problem));
  takeDrawing((file, label) => give(file, label).catch(problem));
  takeMaps(server, network.methods, () => picture, remember);
  brush = new Brush(server, () => picture);
  takePlane(server, network, give);
  takeThresholds(server, network, () => picture);
  $("map").addEventListener("click", (event) =>
    openCell({ ...view, ...cellAt(event, volumeOf(view.layer)) }).catch(problem));
  $("map").addEventListener("keydown", moveOnMap);
  $("place").addEventListener("submit", (event) => event.preventDefault());
  $("place").addEventListener("change", () => openCell({
    channel: Number($("channel").value), row: Number($("row").value), column: Number($("column").value),
  }).catch(problem));
  addEventListener("hashchange", () => restore().catch(problem));
  say("Pick a picture, drop one, or draw one.");
  await restore();
}

start().catch(problem);
