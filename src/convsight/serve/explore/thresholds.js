// What is found from a threshold on: drawn over the picture, with precision and recall on pictures whose truth is known.
import { $, element, percent, say } from "./elements.js";
import { chartOf, keyOf } from "./sweep.js";

const ASK_AGAIN = 500;  // ms

let server, current, swept = null, threshold = null, asked = 0, drawnOf = null;

export function takeThresholds(ofServer, network, picture) {
  server = ofServer;
  current = picture;
  $("finding").hidden = !network.thresholds;
  if (!network.thresholds) return;
  $("threshold").addEventListener("input", () => {
    threshold = Number($("threshold").value);
    tell();
    showFound();
  });
  $("own-thresholds").addEventListener("click", () => { threshold = null; tell(); showFound(); });
  $("sweep").addEventListener("click", () => judge().catch((error) => { $("sweep").hidden = false; $("swept-words").textContent = error.message; }));
  $("swept-class").addEventListener("change", tell);
  tell();
}

// The picture with what is found; while one is drawn, only the last that was asked for meanwhile is drawn next.
export async function showFound() {
  const picture = current(), mine = ++asked;
  if ($("finding").hidden || !picture) return;
  if (drawnOf !== picture) $("found").hidden = true;
  await showFound.last;
  if (mine !== asked) return;
  showFound.last = server.drawn(picture.file, threshold).then(({ drawn, words }) => {
    if (picture !== current()) return;
    $("found").src = `data:image/png;base64,${drawn}`;
    $("found").alt = words;
    $("found").hidden = false;
    drawnOf = picture;
    $("found-words").textContent = words;
  }, (error) => say(error.message));
  await showFound.last;
}

async function judge() {
  $("sweep").hidden = true;
  let now = await server.askForSweep();
  while (now.state === "working") {
    $("swept-words").textContent = now.count ? `${now.doing}: ${now.done} of ${now.count}` : `working on ${now.doing} …`;
    await new Promise((done) => setTimeout(done, ASK_AGAIN));
    now = await server.sweepProgress();
  }
  if (now.state !== "done") throw new Error(now.error || "The server has forgotten it: ask again.");
  swept = await server.sweep();
  $("swept-class").replaceChildren(...swept.swept.map(({ name, true: count }) =>
    element("option", { value: name, text: `${name || "all classes"} (${count} to find)` })));
  $("swept-class").parentElement.hidden = false;
  $("swept-keys").replaceChildren(keyOf("precision", "s0"), keyOf("recall", "s1"));
  tell();
}

function tell() {
  $("threshold-words").textContent = threshold === null ? "each class by its own" : threshold.toFixed(2);
  if (!swept) return;
  const curve = swept.swept.find(({ name }) => name === $("swept-class").value);
  $("swept-chart").replaceChildren(chartOf(swept, curve, threshold));
  const some = swept.images < swept.count ? ` of ${swept.count}` : "";
  const data = `${swept.images}${some} pictures${swept.part ? ` (${swept.part})` : ""}, at an overlap of half`;
  if (threshold === null) {
    $("swept-words").textContent = `Move the threshold to read precision and recall on ${data}.`;
    return;
  }
  $("swept-words").textContent = `From ${threshold.toFixed(2)} on: ${wordsAt(threshold, curve)}. On ${data}.`;
}

export function wordsAt(threshold, { precision, recall }) {
  const at = Math.round(100 * threshold), right = precision[at], found = recall[at];
  const exact = right === null ? "nothing is found, so there is no precision" : `precision ${percent(right)}`;
  return `${exact}; ${found === null ? "there is nothing to find, so there is no recall" : `recall ${percent(found)}`}`;
}
