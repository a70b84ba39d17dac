// Tensors: float32 numbers one after the other, the last axis fastest; and what moves them without changing any.

export const sizeOf = (shape) => shape.reduce((all, side) => all * side, 1);

export class Tensor {
  constructor(shape, data = new Float32Array(sizeOf(shape))) { Object.assign(this, { shape, data }); }

  at(place) { return this.data[stridesOf(this.shape).reduce((sum, stride, axis) => sum + stride * place[axis], 0)]; }
}

export function stridesOf(shape) {
  const strides = new Array(shape.length);
  for (let axis = shape.length - 1, stride = 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

const axisOf = (axis, count) => (axis < 0 ? axis + count : axis);

// The numbers that lie in `data` from `offset` on at `strides`, copied one after the other.
function strided(data, shape, strides, offset = 0) {
  const found = new Tensor(shape), last = shape.length - 1, place = shape.map(() => 0);
  if (last < 0) {
    found.data[0] = data[offset];
    return found;
  }
  for (let at = 0, from = offset; at < found.data.length;) {
    for (let inner = 0; inner < shape[last]; inner++) found.data[at++] = data[from + inner * strides[last]];
    for (let axis = last - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++place[axis] < shape[axis]) break;
      from -= shape[axis] * strides[axis];
      place[axis] = 0;
    }
  }
  return found;
}

export const asIs = ([tensor], shape) => new Tensor(shape, tensor.data);

export function permute([tensor, order], shape) {
  const strides = stridesOf(tensor.shape);
  return strided(tensor.data, shape, order.map((axis) => strides[axisOf(axis, strides.length)]));
}

export function transpose([tensor, first, second], shape) {
  const order = tensor.shape.map((_, axis) => axis), count = order.length;
  const [one, other] = [axisOf(first, count), axisOf(second, count)];
  [order[one], order[other]] = [order[other], order[one]];
  return permute([tensor, order], shape);
}

export function flip([tensor, axes], shape) {
  const strides = stridesOf(shape);
  let offset = 0;
  for (const each of axes) {
    const axis = axisOf(each, shape.length);
    offset += (shape[axis] - 1) * strides[axis];
    strides[axis] = -strides[axis];
  }
  return strided(tensor.data, shape, strides, offset);
}

// Strides that read `tensor` as if it had `shape`: axes that are missing or have one cell are read again and again.
export function strideAs(tensor, shape) {
  const own = stridesOf(tensor.shape), missing = shape.length - own.length;
  return shape.map((_, axis) => (axis < missing || tensor.shape[axis - missing] === 1 ? 0 : own[axis - missing]));
}

export const expand = ([tensor], shape) => strided(tensor.data, shape, strideAs(tensor, shape));

export function select([tensor, axis, index], shape) {
  const along = axisOf(axis, tensor.shape.length), strides = stridesOf(tensor.shape);
  const [stride] = strides.splice(along, 1);
  return strided(tensor.data, shape, strides, axisOf(index, tensor.shape[along]) * stride);
}

export function slice([tensor, axis = 0, start = 0, , step = 1], shape) {
  const along = axisOf(axis, shape.length), strides = stridesOf(tensor.shape);
  const offset = Math.min(axisOf(start ?? 0, tensor.shape[along]), tensor.shape[along]) * strides[along];
  strides[along] *= step;
  return strided(tensor.data, shape, strides, offset);
}

export function split([tensor, size, axis = 0]) {
  const along = axisOf(axis, tensor.shape.length), parts = [];
  for (let start = 0; start < tensor.shape[along]; start += size) {
    const shape = tensor.shape.with(along, Math.min(size, tensor.shape[along] - start));
    parts.push(slice([tensor, along, start], shape));
  }
  return parts;
}

export function cat([tensors, axis = 0], shape) {
  const along = axisOf(axis, shape.length), found = new Tensor(shape);
  const inner = sizeOf(shape.slice(along + 1)), outer = sizeOf(shape.slice(0, along));
  let start = 0;
  for (const { shape: own, data } of tensors) {
    const long = own[along] * inner;
    for (let each = 0; each < outer; each++) {
      found.data.set(data.subarray(each * long, (each + 1) * long), each * shape[along] * inner + start);
    }
    start += long;
  }
  return found;
}

// Numbers around a map: (left, right, top, bottom, ...); below 0 they cut off.
export function pad([tensor, pads, value = 0], shape) {
  const found = new Tensor(shape), own = stridesOf(tensor.shape), count = shape.length;
  const before = shape.map((_, axis) => pads[2 * (count - 1 - axis)] ?? 0);
  const place = shape.map(() => 0);
  for (let at = 0; at < found.data.length; at++) {
    let from = 0;
    for (let axis = 0; axis < count && from >= 0; axis++) {
      const there = place[axis] - before[axis];
      from = there < 0 || there >= tensor.shape[axis] ? -1 : from + there * own[axis];
    }
    found.data[at] = from < 0 ? value : tensor.data[from];
    for (let axis = count - 1; axis >= 0 && ++place[axis] === shape[axis]; axis--) place[axis] = 0;
  }
  return found;
}
