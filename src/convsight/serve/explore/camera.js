// The camera: a picture of it is looked at, or one after the other.
import { $, element } from "./elements.js";
import { fileOf } from "./picture.js";

const EVERY = 700;  // ms between pictures that are followed
const LONGEST = 640;  // px of a side

const WORDS = {
  NotAllowedError: "The browser does not let this page use the camera: allow it in the bar of the address, then open this again.",
  NotFoundError: "There is no camera here: plug one in, or choose a picture.",
  NotReadableError: "The camera is in use by another program: close that, then open this again.",
};

export function takeCamera(give) {
  const video = $("camera"), follow = $("follow");
  let stream = null, timer = 0, asked = 0, round = 0;

  async function start() {
    const mine = ++asked;
    $("camera-words").textContent = "…";
    let found;
    try {
      if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("", "NotFoundError");
      found = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: LONGEST } } });
    } catch (problem) {
      $("camera-words").textContent = WORDS[problem.name] ?? `The camera does not start: ${problem.message || problem.name}.`;
      return;
    }
    if (mine !== asked) return stopAll(found);
    stream = found;
    video.srcObject = stream;
    await video.play();
    $("camera-words").textContent = "";
    for (const part of [video, $("shoot"), follow]) part.hidden = false;
  }

  function stopAll(those) { for (const track of those?.getTracks() ?? []) track.stop(); }

  function stop() {
    asked += 1;
    stopAll(stream);
    stream = video.srcObject = null;
    clearTimeout(timer);
    follow.setAttribute("aria-pressed", false);
    for (const part of [video, $("shoot"), follow]) part.hidden = true;
  }

  async function shoot() {
    if (!stream) return;
    const times = Math.min(1, LONGEST / Math.max(video.videoWidth, video.videoHeight));
    const [width, height] = [video.videoWidth, video.videoHeight].map((side) => Math.max(1, Math.round(side * times)));
    const canvas = element("canvas", { width, height });
    canvas.getContext("2d").drawImage(video, 0, 0, width, height);
    await give(await fileOf(canvas), "the camera");
  }

  // Of `mine`, the last that was begun, alone: whoever stops and follows again has one such chain.
  async function shootAgain(mine) {
    if (mine !== round || follow.getAttribute("aria-pressed") !== "true") return;
    await shoot();
    if (mine === round) timer = setTimeout(shootAgain, EVERY, mine);
  }

  $("photograph").addEventListener("toggle", () => ($("photograph").open ? start() : stop()));
  $("shoot").addEventListener("click", shoot);
  follow.addEventListener("click", () => {
    follow.setAttribute("aria-pressed", follow.getAttribute("aria-pressed") !== "true");
    clearTimeout(timer);
    shootAgain(++round);
  });
}
