// What changes one value, sums up a row or normalises, written out for one cell.
import { others, products, strongestFirst, total, written } from "./sums.js";
import { stridesOf } from "./tensors.js";
import { FUNCTIONS, momentsOf } from "./values.js";

const FORMS = {
  relu: () => "max(0, {x})",
  hardtanh: (low = -1, high = 1) => `min(max({x}, ${low}), ${high})`,
  leaky_relu: (slope = 0.01) => `{x} if positive, else ${written(slope)}*{x}`,
  hardswish: () => "{x}*min(max({x} + 3, 0), 6)/6",
  hardsigmoid: () => "min(max({x} + 3, 0), 6)/6",
  sigmoid: () => "1/(1 + exp(-{x}))",
  silu: () => "{x}/(1 + exp(-{x}))",
  tanh: () => "tanh({x})",
  gelu: () => "{x}*(1 + erf({x}/sqrt(2)))/2",
};

function oneBy(name) {
  return ([tensor, ...rest], place) => {
    const input = tensor.at(place), all = FUNCTIONS[name](...rest)(input);
    return { total: all, text: `${FORMS[name](...rest).replaceAll("{x}", written(input))} = ${written(all)}`, input };
  };
}

export const OF_ONE = Object.fromEntries(Object.keys(FORMS).map((name) => [name, oneBy(name)]));

// The number of a tensor that meets `place`, where axes that are missing or have one cell meet all.
function meets(value, place) {
  if (typeof value === "number") return value;
  const own = place.slice(place.length - value.shape.length);
  return value.at(own.map((at, axis) => (value.shape[axis] === 1 ? 0 : at)));
}

export const ofTwo = (sign, join) => (given, place) => {
  const inputs = given.slice(0, 2).map((each) => meets(each, place)), all = join(...inputs);
  return { total: all, text: `${written(inputs[0])} ${sign} ${written(inputs[1])} = ${written(all)}`, inputs };
};

function normalised(input, mean, variance, eps, weight, shift) {
  const all = (input - mean) / Math.sqrt(variance + eps) * weight + shift;
  const text = `(${written(input)} - ${written(mean)})/sqrt(${written(variance)} + ${written(eps)})*${written(weight)} + ` +
    `${written(shift)} = ${written(all)}`;
  return { total: all, text, input, mean, variance, eps, weight, shift };
}

export function batchNorm([volume, weight, bias, mean, variance, training, , eps], place) {
  const channel = place[1];
  return training ? null : normalised(volume.at(place), mean.data[channel], variance.data[channel], eps,
                                      weight?.data[channel] ?? 1, bias?.data[channel] ?? 0);
}

export function layerNorm([volume, over, weight, bias, eps], place) {
  if (over.length !== 1) return null;
  const last = place.at(-1), start = stridesOf(volume.shape).reduce((sum, each, axis) => sum + each * place[axis], -last);
  return normalised(volume.at(place), ...momentsOf(volume.data, start, start + over[0]), eps,
                    weight?.data[last] ?? 1, bias?.data[last] ?? 0);
}

export function groupNorm([volume, weight, bias, , channels, inner, groups, eps], place) {
  const long = channels / groups * inner, channel = place[1], start = Math.floor(channel * inner / long) * long;
  return normalised(volume.at(place), ...momentsOf(volume.data, start, start + long), eps,
                    weight?.data[channel] ?? 1, bias?.data[channel] ?? 0);
}

function dense(inputs, weights, row, unit, bias) {
  const [units, long] = [weights.shape[1], inputs.shape[1]];
  const values = Array.from(inputs.data.subarray(row * long, (row + 1) * long));
  const factors = values.map((_, n) => weights.data[n * units + unit]), sums = values.map((value, n) => value * factors[n]);
  const all = total(sums) + (bias ?? 0), shown = strongestFirst(sums);
  const terms = shown.map((place) => ({ place, value: values[place], weight: factors[place], product: sums[place] }));
  return { total: all, text: products(values, factors, shown, bias, all), terms, others: others(sums, shown), bias };
}

export function addmm([bias, inputs, weights], place) {
  return place.length === 2 ? dense(inputs, weights, ...place, meets(bias, place)) : null;
}

export const mm = ([inputs, weights], place) => dense(inputs, weights, ...place, null);

export function mean([volume, axes, keeps], place) {
  const count = volume.shape.length, over = axes.map((axis) => (axis + count) % count), left = [...place];
  const sides = volume.shape.map((side, axis) => {
    if (!over.includes(axis)) return [left.shift()];
    if (keeps) left.shift();
    return Array.from({ length: side }, (_, at) => at);
  });
  const places = sides.reduce((all, side) => all.flatMap((start) => side.map((at) => [...start, at])), [[]]);
  const values = places.map((at) => volume.at(at)), all = total(values) / values.length;
  const first = values.slice(0, 6).map(written).join(" + "), more = values.length > 6 ? ` + ${values.length - 6} more` : "";
  const wide = over.length === 2 ? volume.shape[Math.max(...over)] : values.length;
  const window = over.length > 2 || values.length > 400 ? []
    : Array.from({ length: values.length / wide }, (_, row) => values.slice(row * wide, (row + 1) * wide));
  return { total: all, text: `(${first}${more})/${values.length} = ${written(all)}`, window, divisor: values.length };
}

export function joined([tensors, axis = 0], place) {
  const along = (axis + place.length) % place.length;
  let channel = place[along];
  for (const [part, tensor] of tensors.entries()) {
    if (channel < tensor.shape[along]) {
      const all = tensor.at(place.with(along, channel));
      return { total: all, text: `part ${part + 1} of ${tensors.length}, its channel ${channel}: ${written(all)}`, part, channel };
    }
    channel -= tensor.shape[along];
  }
  return null;
}

export function softmax([volume, axis], place) {
  const along = (axis + place.length) % place.length, input = volume.at(place);
  const values = Array.from({ length: volume.shape[along] }, (_, at) => volume.at(place.with(along, at)));
  const most = Math.max(...values), all = Math.exp(input - most) / total(values.map((value) => Math.exp(value - most)));
  return { total: all, text: `exp(${written(input)})/(sum of exp of ${values.length} values) = ${written(all)}`, input,
           values: values.length <= 100 ? values : [] };
}
