// Convolutions and poolings written out for one cell: the patch under the window, the kernel, and their sum.
import { list, others, products, strongestFirst, total, written } from "./sums.js";
import { divisorOf, poolingOf, share } from "./windows.js";

// Which cells of a side the kernel meets for the cell `at`; null where it meets none.
function touched(at, kernel, side, stride, padding, dilation, transposed = false) {
  return Array.from({ length: kernel }, (_, step) => {
    const place = transposed ? (at + padding - step * dilation) / stride : at * stride - padding + step * dilation;
    return Number.isInteger(place) && place >= 0 && place < side ? place : null;
  });
}

function patchOf(volume, channel, rows, columns) {
  return rows.map((row) => columns.map((column) => (row === null || column === null ? 0 : volume.at([0, channel, row, column]))));
}

export function convolution([volume, weight, bias, stride, padding, dilation, transposed, , groups], [, channel, ...at]) {
  if (volume.shape.length !== 4) return null;
  const [, channels, ...sides] = volume.shape, each = channels / groups;
  const own = transposed ? weight.shape[1] : weight.shape[0] / groups, first = Math.floor(channel / own) * each;
  const [tall, wide] = weight.shape.slice(2);
  const [rows, columns] = [tall, wide].map((kernel, axis) =>
    touched(at[axis], kernel, sides[axis], stride[axis], padding[axis], dilation[axis], transposed));
  const parts = Array.from({ length: each }, (_, n) => {
    const [to, from] = transposed ? [first + n, channel % own] : [channel, n];
    const kernel = rows.map((_, down) => columns.map((_, across) => weight.at([to, from, down, across])));
    const patch = patchOf(volume, first + n, rows, columns);
    return { channel: first + n, patch, kernel, sum: total(patch.flatMap((line, y) => line.map((x, n) => x * kernel[y][n]))) };
  });
  const sums = parts.map(({ sum }) => sum), shown = strongestFirst(sums), added = bias ? bias.data[channel] : null;
  const all = total(sums) + (added ?? 0), area = tall * wide;
  const flat = shown.flatMap((n) => Array.from({ length: area }, (_, inner) => n * area + inner));
  const [patches, kernels] = ["patch", "kernel"].map((name) => parts.flatMap((part) => part[name].flat()));
  return { total: all, text: products(patches, kernels, flat, added, all), rows, columns,
           channels: shown.map((n) => parts[n]), others: others(sums, shown), bias: added };
}

function windowOf({ volume, kernel, stride, padding, dilation = [1, 1] }, [, channel, ...at]) {
  const [rows, columns] = kernel.map((long, axis) =>
    touched(at[axis], long, volume.shape[axis + 2], stride[axis], padding[axis], dilation[axis]));
  return { rows, columns, window: patchOf(volume, channel, rows, columns) };
}

export function maxPooling([volume, kernel, stride, padding, dilation = [1]], place) {
  const seen = windowOf({ ...poolingOf([volume, kernel, stride, padding]), dilation: [dilation[0], dilation.at(-1)] }, place);
  const inside = seen.window.flatMap((line, y) => line.filter((_, x) => seen.rows[y] !== null && seen.columns[x] !== null));
  const most = Math.max(...inside);
  return { total: most, text: `max(${list(inside)}) = ${written(most)}`, ...seen };
}

function averaged(seen, divisor) {
  const values = seen.window.flat(), all = total(values) / divisor;
  return { total: all, text: `(${list(values, " + ")})/${divisor} = ${written(all)}`, ...seen, divisor };
}

export function averagePooling(given, place) {
  const window = poolingOf(given);
  return averaged(windowOf(window, place), divisorOf(window, place[2], place[3]));
}

export function adaptivePooling([volume, sides], [, channel, ...at]) {
  const [rows, columns] = sides.map((count, axis) => share(at[axis], volume.shape[axis + 2], count));
  return averaged({ rows, columns, window: patchOf(volume, channel, rows, columns) }, rows.length * columns.length);
}
