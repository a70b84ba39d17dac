// What chosen pictures share, beside what all of the plane do.
import { element, percent } from "./elements.js";

const LISTED = 8;

function mean(values) { return values.reduce((sum, value) => sum + value, 0) / values.length; }

function counts(values) {
  const found = new Map();
  for (const value of values) found.set(value, (found.get(value) || 0) + 1);
  return [...found].sort((a, b) => b[1] - a[1]);
}

function listOf(what, column, chosen) {
  const of = chosen.map((number) => column[number]);
  const whole = new Map(counts(column));
  const found = counts(of);
  const rows = found.slice(0, LISTED).map(([name, count]) => [
    `${what}: ${name}`, `${count} (${percent(count / of.length)})`, percent(whole.get(name) / column.length)]);
  return found.length > LISTED ? [...rows, [`${what}: ${found.length - LISTED} more`, "", ""]] : rows;
}

function rowsOf(plane, chosen) {
  const pick = (column) => chosen.map((number) => column[number]);
  const share = (column) => percent(mean(pick(column).map(Number)));
  return [
    ...(plane.truths && plane.named ? listOf("truth", plane.truths, chosen) : []),
    ...(plane.answers ? listOf("answer", plane.answers, chosen) : []),
    ...(plane.right ? [["answered right", share(plane.right), percent(mean(plane.right.map(Number)))]] : []),
    ...(plane.confidences
      ? [["mean confidence", percent(mean(pick(plane.confidences))), percent(mean(plane.confidences))]] : []),
    ...(new Set(plane.parts).size > 1 ? listOf("part", plane.parts, chosen) : []),
  ];
}

// In a sentence, for those who hear it.
export function inWords(plane, chosen) {
  if (!chosen.length) return "No picture is chosen.";
  const words = [`${chosen.length} of ${plane.x.length} pictures are chosen`];
  const column = plane.truths && plane.named ? plane.truths : plane.answers;
  if (column) {
    const [name, count] = counts(chosen.map((number) => column[number]))[0];
    words.push(`${percent(count / chosen.length)} of them ${name}`);
  }
  return `${words.join(", ")}.`;
}

export function tableOf(plane, chosen) {
  const cell = (text, tag = "td", extra = {}) => element(tag, { text, ...extra });
  return element("table", { children: [
    element("caption", { text: "What the chosen pictures share" }),
    element("thead", { children: [element("tr", { children: [
      cell("", "td"), cell(`the ${chosen.length} chosen`, "th", { scope: "col", class: "number" }),
      cell(`all ${plane.x.length}`, "th", { scope: "col", class: "number" })] })] }),
    element("tbody", { children: rowsOf(plane, chosen).map(([name, here, whole]) => element("tr", { children: [
      cell(name, "th", { scope: "row" }), cell(here, "td", { class: "number" }), cell(whole, "td", { class: "number" })] })) }),
  ] });
}
