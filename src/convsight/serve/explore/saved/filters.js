// The weights of a channel, as the server tells them: the kernels with the largest first, or those of a unit.
import { strongestFirst, total } from "./sums.js";

const MOST_CHANNELS = 8, MOST_CELLS = 4096;

export function filterOf(step, weights, channel, isOfPicture) {
  const given = step.arguments.map((each) => (each && typeof each === "object" && "weight" in each ? weights[each.weight] : each));
  if (step.operation === "convolution" && step.shape.length === 4) return kernels(given, step.shape[1], channel, isOfPicture);
  return ["addmm", "mm"].includes(step.operation) ? dense(given, step.operation, channel) : { kind: null };
}

function kernels([, weight, bias, , , , transposed, , groups], channels, channel, isOfPicture) {
  const [first, second, rows, columns] = weight.shape, each = transposed ? first / groups : second;
  const own = channels / groups, start = Math.floor(channel / own) * each, area = rows * columns;
  const all = Array.from({ length: each }, (_, n) => {
    const at = (transposed ? (start + n) * second + channel % own : channel * second + n) * area;
    return Array.from({ length: rows }, (_, row) => Array.from(weight.data.subarray(at + row * columns, at + (row + 1) * columns)));
  });
  const sums = all.map((kernel) => total(kernel.flat().map(Math.abs))), whole = total(sums) || 1;
  const count = Math.min(MOST_CHANNELS, Math.max(1, Math.floor(MOST_CELLS / area)));
  const shown = isOfPicture && each <= count ? all.map((_, n) => n) : strongestFirst(sums).slice(0, count);
  return { kind: "kernels", of_picture: isOfPicture, others: each - shown.length, bias: bias ? bias.data[channel] : null,
           kernels: shown.map((n) => ({ channel: start + n, kernel: all[n], share: sums[n] / whole })) };
}

function dense(given, operation, unit) {
  const matrix = given.at(-1), [long, units] = matrix.shape, bias = operation === "addmm" ? given[0].data : null;
  const own = Array.from({ length: long }, (_, n) => matrix.data[n * units + unit]), shown = strongestFirst(own);
  return { kind: "weights", weights: shown.map((place) => ({ place, weight: own[place] })), others: long - shown.length,
           bias: bias && bias[bias.length === units ? unit : 0] };
}
