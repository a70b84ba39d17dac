// What looks through a window: convolutions and poolings. Sums are made in double precision and kept in float32.
import { Tensor } from "./tensors.js";

const two = (sides) => [sides[0], sides.at(-1)];

// From which to before which cell of the output a step of the kernel meets the input at all.
function reach(step, count, side, stride) {
  return [Math.max(0, Math.ceil(-step / stride)), Math.min(count, Math.floor((side - 1 - step) / stride) + 1)];
}

export function convolution([volume, weight, bias, stride, padding, dilation, transposed, , groups], shape) {
  if (volume.shape.length !== 4) throw new Error(`a convolution along ${volume.shape.length - 2} axes is not known here`);
  const found = new Tensor(shape), sides = { stride, padding, dilation };
  const [, channels] = volume.shape, [, made, rows, columns] = shape;
  const each = channels / groups, own = made / groups;
  const sum = new Float64Array(rows * columns);
  for (let to = 0; to < made; to++) {
    sum.fill(bias ? bias.data[to] : 0);
    const group = Math.floor(to / own);
    for (let inner = 0; inner < each; inner++) {
      const from = group * each + inner;
      const kernel = transposed ? from * own + to % own : to * each + inner;
      (transposed ? scatter : gather)(volume, from, weight, kernel, sum, shape, sides);
    }
    found.data.set(sum, to * rows * columns);
  }
  return found;
}

// Adds what one kernel makes of one channel.
function gather(volume, channel, weight, number, sum, [, , rows, columns], { stride, padding, dilation }) {
  const [, , height, width] = volume.shape, [, , tall, wide] = weight.shape, { data } = volume;
  for (let down = 0; down < tall; down++) {
    const above = down * dilation[0] - padding[0], [top, bottom] = reach(above, rows, height, stride[0]);
    for (let across = 0; across < wide; across++) {
      const factor = weight.data[(number * tall + down) * wide + across];
      const before = across * dilation[1] - padding[1], [left, right] = reach(before, columns, width, stride[1]);
      for (let row = top; row < bottom; row++) {
        const base = (channel * height + row * stride[0] + above) * width + before;
        for (let column = left, to = row * columns; column < right; column++) {
          sum[to + column] += factor * data[base + column * stride[1]];
        }
      }
    }
  }
}

// The same of a transposed convolution: each cell of the input is laid over the output with its kernel.
function scatter(volume, channel, weight, number, sum, [, , rows, columns], { stride, padding, dilation }) {
  const [, , height, width] = volume.shape, [, , tall, wide] = weight.shape, { data } = volume;
  for (let down = 0; down < tall; down++) {
    const above = down * dilation[0] - padding[0], [top, bottom] = reach(above, height, rows, stride[0]);
    for (let across = 0; across < wide; across++) {
      const factor = weight.data[(number * tall + down) * wide + across];
      const before = across * dilation[1] - padding[1], [left, right] = reach(before, width, columns, stride[1]);
      for (let row = top; row < bottom; row++) {
        const base = (row * stride[0] + above) * columns + before;
        for (let column = left; column < right; column++) {
          sum[base + column * stride[1]] += factor * data[(channel * height + row) * width + column];
        }
      }
    }
  }
}

// What the arguments of a pooling say of its window; a stride that is not told is the kernel.
export function poolingOf([volume, kernel, stride, padding = [0], ceiling, countsPadding = true, divisor]) {
  return { volume, kernel: two(kernel), stride: two(stride?.length ? stride : kernel), padding: two(padding), ceiling,
           countsPadding, divisor };
}

// By how much the sum of a window is divided: padding counts or not, what lies beyond it never does.
export function divisorOf({ volume, kernel, stride, padding, countsPadding, divisor }, row, column) {
  if (divisor) return divisor;
  const more = countsPadding ? padding : [0, 0];
  return [row, column].reduce((all, at, axis) => {
    const start = at * stride[axis] - padding[axis];
    const end = Math.min(start + kernel[axis], volume.shape[axis + 2] + more[axis]);
    return all * (end - Math.max(start, -more[axis]));
  }, 1);
}

function pooled({ volume, kernel, stride, padding, dilation = [1, 1] }, shape, first, join, finish) {
  const [, channels, rows, columns] = shape, [, , height, width] = volume.shape, found = new Tensor(shape);
  let to = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        let total = first;
        for (let down = 0; down < kernel[0]; down++) {
          const y = row * stride[0] - padding[0] + down * dilation[0];
          if (y < 0 || y >= height) continue;
          for (let across = 0; across < kernel[1]; across++) {
            const x = column * stride[1] - padding[1] + across * dilation[1];
            if (x >= 0 && x < width) total = join(total, volume.data[(channel * height + y) * width + x]);
          }
        }
        found.data[to++] = finish(total, row, column);
      }
    }
  }
  return found;
}

export function maxPooling([volume, kernel, stride, padding, dilation = [1]], shape) {
  const window = { ...poolingOf([volume, kernel, stride, padding]), dilation: two(dilation) };
  return pooled(window, shape, -Infinity, (most, value) => (value > most ? value : most), (most) => most);
}

export function averagePooling(given, shape) {
  const window = poolingOf(given);
  return pooled(window, shape, 0, (sum, value) => sum + value, (sum, row, column) => sum / divisorOf(window, row, column));
}

// The cells of a side of `side` that fall to the cell `at` of `count`.
export function share(at, side, count) {
  const start = Math.floor(at * side / count), end = Math.ceil((at + 1) * side / count);
  return Array.from({ length: end - start }, (_, place) => start + place);
}

export function adaptivePooling([volume, [down, across]], shape) {
  const [, channels, height, width] = volume.shape, found = new Tensor(shape);
  let to = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0; row < down; row++) {
      for (let column = 0; column < across; column++) {
        const rows = share(row, height, down), columns = share(column, width, across);
        let sum = 0;
        for (const y of rows) for (const x of columns) sum += volume.data[(channel * height + y) * width + x];
        found.data[to++] = sum / (rows.length * columns.length);
      }
    }
  }
  return found;
}
