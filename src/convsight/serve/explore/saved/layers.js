// A layer at work on a picture: its strongest maps as a picture of tiles, and a cell of it written out step by step.
import { argumentsOf } from "./program.js";
import { permute } from "./tensors.js";
import { addmm, batchNorm, groupNorm, joined, layerNorm, mean, mm, OF_ONE, ofTwo, softmax } from "./written_values.js";
import { adaptivePooling, averagePooling, convolution, maxPooling } from "./written_windows.js";

const MOST_CELLS = 2 ** 20, MOST_MAPS = 12, MOST_VALUES = 24;

const WAYS = {
  convolution, max_pool2d_with_indices: maxPooling, avg_pool2d: averagePooling, _adaptive_avg_pool2d: adaptivePooling,
  mean, addmm, mm, native_batch_norm: batchNorm, native_layer_norm: layerNorm, native_group_norm: groupNorm,
  add: ofTwo("+", (a, b) => a + b), mul: ofTwo("*", (a, b) => a * b), cat: joined, _softmax: softmax, ...OF_ONE,
};

function strongest(strength, count, channel) {
  const shown = strength.map((_, n) => n).sort((a, b) => strength[b] - strength[a]).slice(0, count);
  return channel === undefined || shown.includes(channel) ? shown : [...shown.slice(0, count - 1), channel];
}

// The maps of a result, one after the other: (channels, rows, columns).
function asMaps(result, { channels_last: isLast }) {
  const { shape } = result;
  if (shape.length === 4 && isLast) return permute([result, [0, 3, 1, 2]], [1, shape[3], shape[1], shape[2]]).data;
  return result.data;
}

function check(name, at, count) {
  if (!Number.isInteger(at) || at < 0 || at >= count) throw new Error(`no ${name} ${at}: counted from 0 there are ${count}`);
}

// One map under the other, each from black, its smallest value, to white.
function spriteOf(maps, rows, columns) {
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  Object.assign(canvas, { width: columns, height: rows * maps.length });
  const pixels = pen.createImageData(columns, rows * maps.length);
  pixels.data.fill(255);
  maps.forEach(({ values, low, high }, place) => values.forEach((value, n) => {
    const grey = high > low ? Math.round(255 * (value - low) / (high - low)) : 128;
    pixels.data.fill(grey, 4 * (place * values.length + n), 4 * (place * values.length + n) + 3);
  }));
  pen.putImageData(pixels, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
}

export function mapsOf(layer, step, result, channel) {
  const { name, kinds, volume } = layer, all = asMaps(result, step);
  const [rows, columns, channels] = volume.length === 1 ? [1, 1, volume[0]] : volume, area = rows * columns;
  if (channel !== undefined) check("channel", channel, channels);
  const mapAt = (n) => all.subarray(n * area, (n + 1) * area);
  const strength = Array.from({ length: channels }, (_, n) => mapAt(n).reduce((sum, value) => sum + Math.abs(value), 0));
  if (volume.length === 1) {
    const shown = strongest(strength, MOST_VALUES, channel).map((n) => ({ channel: n, value: all[n] }));
    return { name, kinds, volume, shown };
  }
  const count = Math.max(1, Math.min(MOST_MAPS, Math.floor(MOST_CELLS / area)));
  const maps = strongest(strength, count, channel).map((n) => {
    const values = mapAt(n);
    return { channel: n, values, low: values.reduce((a, b) => Math.min(a, b)), high: values.reduce((a, b) => Math.max(a, b)) };
  });
  return { name, kinds, volume, shown: maps.map(({ channel: n, low, high }) => ({ channel: n, low, high })),
           sprite: spriteOf(maps, rows, columns) };
}

function placeIn({ shape, channels_last: isLast }, channel, row, column) {
  if (shape.length === 4) return isLast ? [0, row, column, channel] : [0, channel, row, column];
  return shape.length === 3 ? [0, row, column] : [0, channel];
}

// `steps` are those of the layer, `made` what each step of the network gave.
export function cellOf(layer, steps, given, made, weights, { channel, row, column }) {
  const [rows, columns, channels] = layer.volume.length === 3 ? layer.volume : [1, 1, layer.volume[0]];
  for (const [name, at, count] of [["channel", channel, channels], ["row", row, rows], ["column", column, columns]]) {
    check(name, at, count);
  }
  const written = steps.map(({ step, index }, n) => {
    const place = placeIn(step, channel, row, column);
    const worked = WAYS[step.operation]?.(argumentsOf(step, given, made, weights), place) ?? { total: null, text: "" };
    return { operation: layer.kinds[n], module: step.module, value: made[index].at(place), ...worked };
  });
  return { layer: layer.name, channel, row, column, value: written.at(-1).value, steps: written };
}
