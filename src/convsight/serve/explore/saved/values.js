// What changes values one by one, sums them up or normalises them. Sums are made in double precision.
import { Tensor, permute, sizeOf, strideAs } from "./tensors.js";

const within = (x, low, high) => Math.min(Math.max(x, low), high);
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

// By its series of positive terms, which loses no digits.
export function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x, sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

// What is done to a value alone, from the arguments that follow it.
export const FUNCTIONS = {
  relu: () => (x) => Math.max(0, x),
  hardtanh: (low = -1, high = 1) => (x) => within(x, low, high),
  leaky_relu: (slope = 0.01) => (x) => (x > 0 ? x : slope * x),
  hardswish: () => (x) => x * within(x + 3, 0, 6) / 6,
  hardsigmoid: () => (x) => within(x + 3, 0, 6) / 6,
  sigmoid: () => sigmoid,
  silu: () => (x) => x * sigmoid(x),
  tanh: () => Math.tanh,
  gelu: () => (x) => x * (1 + erf(x / Math.SQRT2)) / 2,
  floor: () => Math.floor,
};

export const eachBy = (name) => ([tensor, ...rest], shape) =>
  new Tensor(shape, tensor.data.map(FUNCTIONS[name](...rest)));

// Two tensors, or a tensor and a number, cell by cell; axes that one lacks are read again and again.
export const bothBy = (join) => (given, shape) => {
  const found = new Tensor(shape);
  const [one, other] = given.map((each) => (each instanceof Tensor ? each : new Tensor([], Float64Array.of(each))));
  const steps = [one, other].map((each) => strideAs(each, shape));
  const place = shape.map(() => 0), at = [0, 0];
  for (let to = 0; to < found.data.length; to++) {
    found.data[to] = join(one.data[at[0]], other.data[at[1]]);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const isOver = ++place[axis] === shape[axis];
      for (const n of [0, 1]) at[n] += isOver ? (1 - shape[axis]) * steps[n][axis] : steps[n][axis];
      if (!isOver) break;
      place[axis] = 0;
    }
  }
  return found;
};

// Mean and variance of the numbers from `start` to before `end`.
export function momentsOf(data, start, end) {
  let mean = 0, variance = 0;
  for (let at = start; at < end; at++) mean += data[at];
  mean /= end - start;
  for (let at = start; at < end; at++) variance += (data[at] - mean) ** 2;
  return [mean, variance / (end - start)];
}

const normalised = (x, mean, variance, eps, gain, shift) => (x - mean) / Math.sqrt(variance + eps) * gain + shift;

export function batchNorm([volume, weight, bias, mean, variance, training, , eps], shape) {
  if (training) throw new Error("a normalisation by the batch itself is not known here");
  const found = new Tensor(shape), inner = sizeOf(shape.slice(2));
  for (let channel = 0, at = 0; channel < shape[1]; channel++) {
    const [gain, shift] = [weight?.data[channel] ?? 1, bias?.data[channel] ?? 0];
    for (let n = 0; n < inner; n++, at++) {
      found.data[at] = normalised(volume.data[at], mean.data[channel], variance.data[channel], eps, gain, shift);
    }
  }
  return found;
}

export function layerNorm([volume, over, weight, bias, eps], shape) {
  const found = new Tensor(shape), long = sizeOf(over);
  for (let start = 0; start < volume.data.length; start += long) {
    const moments = momentsOf(volume.data, start, start + long);
    for (let n = 0; n < long; n++) {
      found.data[start + n] = normalised(volume.data[start + n], ...moments, eps, weight?.data[n] ?? 1, bias?.data[n] ?? 0);
    }
  }
  return found;
}

export function groupNorm([volume, weight, bias, , channels, inner, groups, eps], shape) {
  const found = new Tensor(shape), long = channels / groups * inner;
  for (let start = 0; start < volume.data.length; start += long) {
    const moments = momentsOf(volume.data, start, start + long);
    for (let at = start; at < start + long; at++) {
      const channel = Math.floor(at / inner);
      found.data[at] = normalised(volume.data[at], ...moments, eps, weight?.data[channel] ?? 1, bias?.data[channel] ?? 0);
    }
  }
  return found;
}

export function mm([inputs, weights], shape, bias = () => 0) {
  const [rows, units] = shape, long = inputs.shape[1], found = new Tensor(shape);
  for (let row = 0; row < rows; row++) {
    const sums = new Float64Array(units);
    for (let n = 0; n < long; n++) {
      const value = inputs.data[row * long + n];
      for (let unit = 0; unit < units; unit++) sums[unit] += value * weights.data[n * units + unit];
    }
    for (let unit = 0; unit < units; unit++) found.data[row * units + unit] = sums[unit] + bias(row, unit);
  }
  return found;
}

export function addmm([bias, inputs, weights], shape) {
  const [, stride] = strideAs(bias, shape), [down] = strideAs(bias, shape);
  return mm([inputs, weights], shape, (row, unit) => bias.data[row * down + unit * stride]);
}

export function mean([volume, axes], shape) {
  const count = volume.shape.length, over = axes.map((axis) => (axis + count) % count);
  const kept = volume.shape.map((_, axis) => axis).filter((axis) => !over.includes(axis));
  const order = [...kept, ...over];
  const moved = permute([volume, order], order.map((axis) => volume.shape[axis]));
  const long = sizeOf(over.map((axis) => volume.shape[axis])), found = new Tensor(shape);
  for (let to = 0; to < found.data.length; to++) [found.data[to]] = momentsOf(moved.data, to * long, (to + 1) * long);
  return found;
}

export function softmax([volume, axis], shape) {
  const along = (axis + shape.length) % shape.length, inner = sizeOf(shape.slice(along + 1)), found = new Tensor(shape);
  for (let start = 0; start < volume.data.length; start++) {
    if (Math.floor(start / inner) % shape[along]) continue;
    const places = Array.from({ length: shape[along] }, (_, n) => start + n * inner);
    const most = Math.max(...places.map((at) => volume.data[at]));
    const powers = places.map((at) => Math.exp(volume.data[at] - most)), sum = powers.reduce((a, b) => a + b);
    places.forEach((at, n) => { found.data[at] = powers[n] / sum; });
  }
  return found;
}
