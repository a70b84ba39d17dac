// What the answer depends on: maps of `explain` over the picture, and parts hidden with a brush.
import { told } from "./answer.js";
import { $, element, say } from "./elements.js";
import { fileOf } from "./picture.js";

const MOST = 1024;  // px of a side of what is painted on
const EVERY = 350;  // ms between answers while the brush moves

// A map over the picture, with its verdict; what the page asks for meanwhile waits for nothing of it.
export function takeMaps(server, methods, current, changed) {
  $("method").parentElement.hidden = methods.length === 0;
  $("method").append(...methods.map((name) => element("option", { value: name, text: name })));
  $("method").addEventListener("change", () => { changed(); showMap(server, current); });
  $("opacity").addEventListener("input", () => { $("overlay").style.opacity = $("opacity").value / 100; });
}

export async function showMap(server, current) {
  const picture = current(), method = $("method").value, overlay = $("overlay");
  overlay.hidden = $("opacity-label").hidden = true;
  $("verdict").textContent = "";
  if (!method || !picture) return;
  $("verdict").textContent = `${method} …`;
  let found;
  try {
    found = await server.predict(picture.file, method);
  } catch (problem) {
    found = { error: problem.message };
  }
  if (picture !== current() || method !== $("method").value) return;
  $("verdict").textContent = found.error || `${method}, of ${found.about}: ${found.evidence?.verdict ?? "no verdict"}`;
  if (found.error) return;
  overlay.src = `data:image/png;base64,${found.map}`;
  overlay.alt = `what the answer depends on, by ${method}`;
  overlay.style.opacity = $("opacity").value / 100;
  overlay.hidden = $("opacity-label").hidden = false;
}

// The brush: what it passes over is grey, and the answer follows.
export class Brush {
  #at = [0.5, 0.5];  // as shares of the sides
  #isDown = false;
  #asked = 0;
  #turn = 0;

  constructor(server, current) {
    Object.assign(this, { server, current });
    const paint = $("paint");
    $("hide").addEventListener("click", () => this.#toggle());
    $("unhide").addEventListener("click", () => this.clear());
    paint.addEventListener("pointerdown", (event) => { this.#isDown = true; this.#move(event); });
    paint.addEventListener("pointermove", (event) => { if (this.#isDown) this.#move(event); });
    addEventListener("pointerup", () => { if (this.#isDown) { this.#isDown = false; this.#ask(); } });
    paint.addEventListener("keydown", (event) => this.#key(event));
  }

  // Forget what was hidden, as for another picture.
  clear() {
    this.#turn += 1;
    const paint = $("paint"), { naturalWidth: width, naturalHeight: height } = $("shown");
    const times = Math.max(Math.min(1, MOST / Math.max(width, height)), Math.min(8, 256 / Math.max(width, height)));
    paint.width = Math.max(1, Math.round(width * times));
    paint.height = Math.max(1, Math.round(height * times));
    $("unhide").hidden = true;
    if (this.current()) $("answer").replaceChildren(...told(this.current().answer));
  }

  #toggle() {
    const isOn = $("hide").getAttribute("aria-pressed") !== "true";
    $("hide").setAttribute("aria-pressed", isOn);
    for (const id of ["paint", "brush-label", "hide-help"]) $(id).hidden = !isOn;
    if (isOn) $("paint").setAttribute("aria-label", "The picture, to hide parts of: arrows move the brush, space hides");
    this.clear();
  }

  #move(event) {
    event.preventDefault();
    const { left, top, width, height } = $("paint").getBoundingClientRect();
    this.#hide((event.clientX - left) / width, (event.clientY - top) / height);
  }

  #key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step && event.key !== " ") return;
    event.preventDefault();
    if (!step) return this.#hide(...this.#at);
    const within = (at) => Math.min(1, Math.max(0, at));
    this.#at = this.#at.map((at, axis) => within(at + step[axis] * 0.04));
    say(`brush at ${this.#at.map((at) => `${Math.round(100 * at)} %`).join(" across, ")} down`);
  }

  #hide(across, down) {
    const paint = $("paint"), pen = paint.getContext("2d");
    const side = Math.max(1, $("brush").value / 100 * Math.max(paint.width, paint.height));
    pen.fillStyle = "rgb(128, 128, 128)";
    pen.fillRect(across * paint.width - side / 2, down * paint.height - side / 2, side, side);
    $("unhide").hidden = false;
    if (Date.now() - this.#asked > EVERY || !this.#isDown) this.#ask();
  }

  // The picture as it is, under what was painted.
  async #ask() {
    this.#asked = Date.now();
    const mine = ++this.#turn, picture = this.current(), paint = $("paint");
    const both = element("canvas", { width: paint.width, height: paint.height }), pen = both.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage($("shown"), 0, 0, both.width, both.height);
    pen.drawImage(paint, 0, 0);
    try {
      const found = await this.server.predict(await fileOf(both));
      if (mine === this.#turn && picture === this.current()) $("answer").replaceChildren(...told(found, picture.answer));
    } catch (problem) {
      say(problem.message);
    }
  }
}
