// A number written out: the patch, the kernel, their products, and what follows.
import { $, element, short } from "./elements.js";

// A grid of numbers, tinted by sign and size; places outside of the map are hatched.
export function grid(caption, values, { rows, columns, most } = {}) {
  const largest = Math.max(1e-30, ...values.flat().map((value) => Math.abs(value ?? 0)));
  return element("table", { class: "grid", children: [
    element("caption", { text: caption }),
    element("tbody", { children: values.map((line, row) => element("tr", { children: line.map((value, column) => {
      const isOutside = value === null || rows && (rows[row] === null || columns[column] === null);
      const tint = value < 0 ? "var(--c1)" : "var(--bar)";
      const kind = isOutside ? "outside" : most !== undefined && value === most ? "most" : undefined;
      return element("td", { text: value === null ? "none" : short(value), class: kind, title: String(value),
                             style: `--tint: ${tint}; --much: ${Math.abs(value) / largest}` });
    }) })) }),
  ] });
}

function line(...children) { return element("div", { class: "product", children }); }

function others({ count, sum }, what) {
  return count ? [line(`${count} more ${what}, together ${short(sum)}`)] : [];
}

function bias(value) { return value === null || value === undefined ? [] : [line(`bias ${short(value)}`)]; }

function convolution(step) {
  return [
    ...step.channels.map(({ channel, patch, kernel, sum }) => line(
      grid(`patch of channel ${channel}`, patch, step), "×", grid("kernel", kernel), `= ${short(sum)}`)),
    ...others(step.others, "channels"), ...bias(step.bias),
  ];
}

function dense(step) {
  const rows = step.terms.map(({ place, value, weight, product }) => element("tr", {
    children: [place, value, weight, product].map((each) => element("td", { text: short(each), style: "--tint: none; --much: 0" })),
  }));
  const head = ["input", "value", "weight", "product"].map((text) => element("th", { text, scope: "col" }));
  return [
    element("table", { class: "grid", children: [
      element("caption", { text: "the products that add or take most" }),
      element("thead", { children: [element("tr", { children: head })] }), element("tbody", { children: rows })] }),
    ...others(step.others, "products"), ...bias(step.bias),
  ];
}

function details(step) {
  if (step.channels) return convolution(step);
  if (step.terms) return dense(step);
  if (step.window?.length) {
    const most = step.divisor ? undefined : step.total;
    return [grid(step.divisor ? `window, divided by ${step.divisor}` : "window", step.window, { ...step, most })];
  }
  return [];
}

function written(step) {
  const head = element("h3", { text: step.operation + (step.module ? ` · ${step.module}` : "") });
  if (step.total === null) {
    return element("div", { class: "step", children: [
      head, element("p", { text: `This operation is not written out yet; it gives ${short(step.value)}.` })] });
  }
  return element("div", { class: "step", children: [
    head, ...details(step), element("p", { class: "formula", text: step.text })] });
}

export function showCell(cell, place) {
  $("cell").hidden = false;
  $("cell-heading").textContent = `One number, written out: ${cell.layer}, ${place}`;
  const last = cell.steps.at(-1);
  const off = last.total === null ? "" : `; the sum here gives ${last.total.toPrecision(8)}`;
  $("sum").replaceChildren(
    ...cell.steps.map(written),
    element("p", { class: "result", children: [
      "In the cell: ", element("strong", { id: "value", text: cell.value === null ? "no number" : String(Number(cell.value.toPrecision(8))), "data-value": cell.value }), off] }),
  );
}

export function deployedWords({ engine, precision, folds }) {
  const parts = [];
  if (precision !== "float32") parts.push(`it computes in ${precision}`);
  if (folds) parts.push("it folds the normalisation into the convolution before it");
  const differs = parts.length ? ` There ${parts.join(" and ")}, so numbers on the way differ a little.` : "";
  return "These are the numbers of the network in float32 as it was trained, each operation by itself. " +
    `The answer above is that of the deployed network, by ${engine} in ${precision}.${differs}`;
}
