// The plane of all pictures: made when it is asked for, coloured, looked at, chosen from.
import { $, element, say } from "./elements.js";
import { drawMark, waysOf } from "./marks.js";
import { isWithin, nearest, takeLines } from "./selecting.js";
import { inWords, tableOf } from "./shared.js";

const ASK_AGAIN = 500;  // ms
const EDGE = 16, NEAR = 14;  // px
const REST = 80;  // ms that the pointer rests on a place until its picture is asked for
const SHOWN = 12;  // chosen pictures that are shown small
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

let server, give, plane, sheet = null, colouring, places = [], at = -1, chosen = new Set(), line = null, resting = 0, asking = null;

export function takePlane(ofServer, network, giveFile) {
  server = ofServer;
  give = giveFile;
  $("plane").hidden = network.no_plane === null;  // in a saved page, which has not all pictures
  $("plane-why").textContent = network.no_plane;
  $("plane-make").hidden = Boolean(network.no_plane);
  $("plane-make").addEventListener("click", () => make().catch((error) => { told(error.message); $("plane-make").hidden = false; }));
}

function told(words) { $("plane-status").textContent = words; }

async function make() {
  $("plane-make").hidden = true;
  let now = await server.askForPlane();
  while (now.state === "working") {
    told(now.count ? `${now.doing}: ${now.done} of ${now.count}` : `working on ${now.doing} …`);
    await new Promise((done) => setTimeout(done, ASK_AGAIN));
    now = await server.planeProgress();
  }
  if (now.state !== "done") throw new Error(now.error || "The server has forgotten the plane: ask for it again.");
  plane = await server.plane();
  if (plane.sheet) {
    sheet = new Image();
    sheet.src = `data:image/jpeg;base64,${plane.sheet}`;
    await sheet.decode();
  }
  begin();
}

function wordsOfData() {
  const { x, count, unreadable, how, numbers } = plane;
  const some = x.length < count ? ` of ${count.toLocaleString("en")}, spread evenly over them` : "";
  const bad = unreadable ? `; ${unreadable} could not be read` : "";
  return `${x.length.toLocaleString("en")} pictures${some}${bad}. What the last layer is given of each, ${numbers} numbers, laid out ` +
    `by ${how}. Near ones are alike to the network; how far groups lie apart, and how large they are, means little.`;
}

function begin() {
  told(wordsOfData());
  $("plane-tools").hidden = $("plane-view").hidden = false;
  const ways = waysOf(plane);
  $("plane-by").replaceChildren(...Object.keys(ways).map((name) => element("option", { text: name, value: name })));
  const colour = () => { colouring = ways[$("plane-by").value](); legend(); draw(); };
  $("plane-by").addEventListener("change", colour);
  $("plane-pictures").parentElement.hidden = !sheet;
  $("plane-pictures").addEventListener("change", draw);
  $("plane-none").addEventListener("click", () => choose([]));
  const canvas = $("plane-map");
  takeLines(canvas, () => $("plane-kind").value, {
    drawn: (now) => { line = now; draw(); },
    chosen: (shape, adds) => choose([...(adds ? chosen : []), ...within(shape)]),
    click: (place) => { look(nearest(places, place, NEAR)); if (at >= 0) open(at); },
  });
  canvas.addEventListener("pointermove", (event) => { if (!line) look(nearest(places, [event.offsetX, event.offsetY], NEAR), false); });
  canvas.addEventListener("keydown", pressed);
  new ResizeObserver(() => { layOut(); draw(); }).observe(canvas.parentElement);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { legend(); draw(); });
  layOut();
  colour();
  choose([]);
}

function within(shape) { return [...places.keys()].filter((number) => isWithin(places[number], shape)); }

function layOut() {
  const canvas = $("plane-map"), side = Math.min(canvas.parentElement.clientWidth, 720), ratio = devicePixelRatio || 1;
  canvas.style.width = canvas.style.height = `${side}px`;
  canvas.width = canvas.height = side * ratio;
  canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
  places = plane.x.map((x, number) => [EDGE + x * (side - 2 * EDGE), EDGE + plane.y[number] * (side - 2 * EDGE)]);
}

function draw() {
  if (!colouring) return;
  const canvas = $("plane-map"), pen = canvas.getContext("2d");
  pen.clearRect(0, 0, canvas.width, canvas.height);
  const styles = getComputedStyle(document.documentElement), ink = styles.getPropertyValue("--ink");
  places.forEach(([x, y], number) => {
    pen.globalAlpha = chosen.size && !chosen.has(number) ? 0.25 : 1;
    if (sheet && $("plane-pictures").checked) {
      const { tile, columns } = plane;
      pen.drawImage(sheet, number % columns * tile, Math.floor(number / columns) * tile, tile, tile, x - 8, y - 8, 16, 16);
      drawMark(pen, { ...colouring.groups[colouring.of[number]], size: 2.5 }, x + 7, y + 7);
    } else drawMark(pen, colouring.groups[colouring.of[number]], x, y);
  });
  pen.globalAlpha = 1;
  pen.strokeStyle = ink;
  if (at >= 0) {
    pen.lineWidth = 2;
    pen.strokeRect(places[at][0] - 9, places[at][1] - 9, 18, 18);
  }
  if (line) {
    pen.lineWidth = 1.5;
    pen.setLineDash([5, 4]);
    pen.stroke(new Path2D(`M${line.map((place) => place.join(" ")).join("L")}Z`));
    pen.setLineDash([]);
  }
}

// One entry a group, which chooses its pictures.
function legend() {
  const counts = colouring.groups.map(() => 0);
  for (const group of colouring.of) counts[group] += 1;
  $("plane-legend").replaceChildren(...colouring.groups.map((group, place) => {
    const swatch = element("canvas", { width: 18, height: 18, "aria-hidden": "true" });
    drawMark(swatch.getContext("2d"), { ...group, size: Math.min(6, group.size + 1) }, 9, 9);
    return element("li", { children: [element("button", {
      type: "button", onclick: () => choose([...places.keys()].filter((number) => colouring.of[number] === place)),
      children: [swatch, `${group.name} (${counts[place]})`] })] });
  }));
}

async function show(image, number, signal) {
  const mine = image.dataset.number = String(number);
  const address = await server.planeThumbnail(number, signal);
  if (image.dataset.number === mine) image.src = address;
  image.addEventListener("load", () => URL.revokeObjectURL(address), { once: true });
}

function wordsOf(number) {
  const truth = plane.truths ? `${plane.right[number] ? "right" : "WRONG"}, in truth ${plane.truths[number]}; ` : "";
  return `${plane.names[number]}: ${truth}answer ${plane.said[number]}`;
}

// The picture that is looked at: its place is framed, and it stands beside the plane.
function look(number, isSaid = true) {
  if (number < 0 || number === at) return;
  at = number;
  draw();
  $("plane-one").hidden = false;
  $("plane-image").alt = plane.names[number];
  clearTimeout(resting);
  asking?.abort();
  asking = new AbortController();
  resting = setTimeout(() => show($("plane-image"), number, asking.signal).catch(() => {}), REST);
  $("plane-words").textContent = wordsOf(number);
  if (isSaid) say(wordsOf(number));
}

function pressed(event) {
  const direction = ARROWS[event.key];
  if (direction) look(at < 0 ? 0 : nearest(places, places[at], Infinity, direction));
  else if (event.key === " " && at >= 0) choose(chosen.has(at) ? [...chosen].filter((one) => one !== at) : [...chosen, at]);
  else if (event.key === "Enter" && at >= 0) open(at);
  else if (event.key === "Escape") choose([]);
  else return;
  event.preventDefault();
}

function choose(numbers) {
  chosen = new Set(numbers);
  const list = [...chosen];
  draw();
  $("plane-chosen-words").textContent = inWords(plane, list);
  $("plane-none").hidden = !list.length;
  $("plane-table").replaceChildren(...(list.length ? [tableOf(plane, list)] : []));
  $("plane-some").replaceChildren(...list.slice(0, SHOWN).map((number) => {
    const image = element("img", { alt: wordsOf(number) });
    show(image, number).catch(() => {});
    return element("li", { children: [element("button", { type: "button", title: wordsOf(number), onclick: () => open(number), children: [image] })] });
  }));
}

async function open(number) {
  try {
    await give(await server.planePicture(number), plane.names[number]);
    $("picture-heading").scrollIntoView({ block: "start" });
  } catch (error) {
    say(error.message);
  }
}

$("plane-open").addEventListener("click", () => open(at));
