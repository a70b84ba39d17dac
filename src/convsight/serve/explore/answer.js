// The answer of the network, beside the one before a part was hidden.
import { element, percent, short } from "./elements.js";

const SHOWN = 6;

function bar(name, share, words) {
  return element("li", { class: "row", children: [
    element("span", { text: name }),
    element("span", { class: "share", "aria-hidden": "true", children: [
      element("i", { style: `width: ${100 * Math.min(1, Math.max(0, share))}%` })] }),
    element("b", { text: words, title: String(share) }),
  ] });
}

function isListOf(value, key) { return Array.isArray(value) && value.length > 0 && key in value[0]; }

// By how much a share has changed, in points.
function change(now, before) {
  if (before === undefined) return "";
  const points = 100 * (now - before);
  return ` (${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(1)})`;
}

function bars(key, values, before) {
  const share = (one) => one.probability ?? one.share ?? one.score;
  const old = new Map((before || []).map((one) => [one.name, share(one)]));
  return values.slice(0, SHOWN).map((one, place) => bar(
    key === "boxes" ? `${place + 1} ${one.name}` : one.name, share(one),
    percent(share(one)) + (key === "boxes" ? "" : change(share(one), before && (old.get(one.name) ?? 0)))));
}

function measured({ name, value, unit }, before) {
  const was = before?.find((one) => one.name === name);
  return element("li", { text: `${name} ${short(value)} ${unit || ""}${was ? ` (before ${short(was.value)})` : ""}` });
}

export function told(found, before) {
  if (found.error) return [element("p", { class: "error", text: found.error })];
  const parts = [];
  for (const [key, value] of Object.entries(found)) {
    const list = (children) => parts.push(element("ol", { class: "bars", children }));
    if (["probability", "xyxy", "share"].some((each) => isListOf(value, each))) list(bars(key, value, before?.[key]));
    else if (isListOf(value, "value")) list(value.map((one) => measured(one, before?.[key])));
    else if (["file", "name"].includes(key)) continue;
    else parts.push(element("p", { class: "dim", text: `${key}: ${JSON.stringify(value).slice(0, 300)}` }));
  }
  return parts;
}

// The same in a sentence, for those who do not see it.
export function spoken(found) {
  if (found.error) return found.error;
  const [list] = Object.values(found).filter((value) => isListOf(value, "probability") || isListOf(value, "xyxy"));
  return (list || []).slice(0, 3).map((one) => `${one.name} ${percent(one.probability ?? one.score)}`).join(", ");
}
