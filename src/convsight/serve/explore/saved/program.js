// A network as the list of its operations, run in the page; each by PyTorch's name, from its arguments and its shape.
import { Tensor, asIs, cat, expand, flip, pad, permute, select, sizeOf, slice, split, transpose } from "./tensors.js";
import { addmm, batchNorm, bothBy, eachBy, FUNCTIONS, groupNorm, layerNorm, mean, mm, softmax } from "./values.js";
import { adaptivePooling, averagePooling, convolution, maxPooling } from "./windows.js";

const PATIENCE = 40;  // ms of work until the page may do something else

const asItIs = ["view", "_unsafe_view", "reshape", "flatten", "clone", "detach", "alias", "contiguous", "squeeze",
                "unsqueeze", "_to_copy"];

export const OPERATIONS = {
  convolution, addmm, mm, mean, permute, transpose, flip, expand, select, slice, split, cat,
  max_pool2d_with_indices: maxPooling, avg_pool2d: averagePooling, _adaptive_avg_pool2d: adaptivePooling,
  native_batch_norm: batchNorm, native_layer_norm: layerNorm, native_group_norm: groupNorm, _softmax: softmax,
  t: ([tensor], shape) => (shape.length < 2 ? tensor : transpose([tensor, 0, 1], shape)), constant_pad_nd: pad,
  add: bothBy((a, b) => a + b), sub: bothBy((a, b) => a - b), mul: bothBy((a, b) => a * b), div: bothBy((a, b) => a / b),
  ...Object.fromEntries(Object.keys(FUNCTIONS).map((name) => [name, eachBy(name)])),
  ...Object.fromEntries(asItIs.map((name) => [name, asIs])),
};

// The weights by number, out of what stands in the file: float32 in base64, one after the other.
export function weightsOf(base64, shapes) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  const all = new Float32Array(bytes.buffer);
  let start = 0;
  return shapes.map((shape) => new Tensor(shape, all.subarray(start, start += sizeOf(shape))));
}

// The arguments of a step, what was made before it and the weights put in their places.
export function argumentsOf(step, given, made, weights) {
  const filled = (value) => {
    if (Array.isArray(value)) return value.map(filled);
    if (value === null || typeof value !== "object") return value ?? undefined;
    if ("infinite" in value) return value.infinite * Infinity;
    if ("weight" in value) return weights[value.weight];
    if (value.step < 0) return given;
    const found = made[value.step];
    return Array.isArray(found) ? found[value.output ?? 0] : found;
  };
  return step.arguments.map(filled);
}

// What every step gives for `given`, in their order. Between steps the page stays awake.
export async function run(program, given, weights) {
  const made = [];
  let began = performance.now();
  for (const step of program.steps) {
    if (performance.now() - began > PATIENCE) {
      await new Promise((done) => setTimeout(done));
      began = performance.now();
    }
    made.push(OPERATIONS[step.operation](argumentsOf(step, given, made, weights), step.shape));
  }
  return made;
}
