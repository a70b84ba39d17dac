// A picture at the network's size, number by number as Pillow resizes: along rows first, rounded to whole levels between.

const BITS = 2 ** 22;  // of these parts weights are whole numbers
const LONGEST = 8;  // times the shorter side: of longer pictures only what is kept is resized

const SHAPES = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, at: (x) => {
    const far = Math.abs(x), a = -0.5;
    if (far < 1) return ((a + 2) * far - (a + 3)) * far * far + 1;
    return far < 2 ? (((far - 5) * far + 8) * far - 4) * a : 0;
  } },
};

// For each of `count` cells made of the part from `start` to `end` of a side: where it begins, and the weights.
function weightsAlong(side, start, end, count, { support, at }) {
  const scale = Math.fround(end - start) / count, wide = Math.max(1, scale);
  return Array.from({ length: count }, (_, place) => {
    const middle = start + (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(middle - support * wide + 0.5));
    const last = Math.min(side, Math.trunc(middle + support * wide + 0.5));
    const weights = Array.from({ length: last - first }, (_, n) => at((first + n - middle + 0.5) / wide));
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((each) => Math.trunc(each / sum * BITS + (each < 0 ? -0.5 : 0.5))) };
  });
}

const level = (sum) => Math.min(255, Math.max(0, Math.floor((sum + BITS / 2) / BITS)));

// RGB along rows, with `step` numbers from one cell to the next and `lines` lines of them.
function along({ data, width, height }, axis, cells) {
  const [wide, tall] = axis === 0 ? [cells.length, height] : [width, cells.length];
  const found = { width: wide, height: tall, data: new Uint8Array(3 * wide * tall) };
  const step = axis === 0 ? 3 : 3 * width;
  for (let y = 0, to = 0; y < tall; y++) {
    for (let x = 0; x < wide; x++) {
      const { first, weights } = cells[axis === 0 ? x : y];
      const base = (axis === 0 ? 3 * y * width : 3 * x) + first * step;
      for (let colour = 0; colour < 3; colour++) {
        let sum = 0;
        for (let n = 0; n < weights.length; n++) sum += weights[n] * data[base + n * step + colour];
        found.data[to++] = level(sum);
      }
    }
  }
  return found;
}

function resized(image, [width, height], [left, top, right, bottom], filter) {
  const [start, above, end, below] = [left, top, right, bottom].map(Math.fround), shape = SHAPES[filter];
  let found = image;
  if (width !== image.width || start || end !== width) found = along(found, 0, weightsAlong(image.width, start, end, width, shape));
  if (height !== image.height || above || below !== height) {
    found = along(found, 1, weightsAlong(image.height, above, below, height, shape));
  }
  return found;
}

// Halves to the even number, as Python rounds.
function round(x) {
  const down = Math.floor(x), half = x - down === 0.5;
  return half ? down + (down % 2 && 1) : Math.round(x);
}

function middle({ width, height }, target) {
  if (width * target[1] > height * target[0]) {
    const margin = (width - height * target[0] / target[1]) / 2;
    return [margin, 0, width - margin, height];
  }
  const margin = (height - width * target[1] / target[0]) / 2;
  return [0, margin, width, height - margin];
}

function inside({ width, height }, target) {
  if (width * target[1] > height * target[0]) return [target[0], Math.max(1, round(height * target[0] / width))];
  return [Math.max(1, round(width * target[1] / height)), target[1]];
}

// The part of `size` at a corner; what lies beyond the picture is black.
function cut(image, [width, height], left, top) {
  const found = { width, height, data: new Uint8Array(3 * width * height) };
  const start = Math.max(0, left), end = Math.min(image.width, left + width);
  for (let y = 0; y < height; y++) {
    if (y + top < 0 || y + top >= image.height) continue;
    const line = image.data.subarray(3 * ((y + top) * image.width + start), 3 * ((y + top) * image.width + end));
    found.data.set(line, 3 * (y * width + start - left));
  }
  return found;
}

// `image` is { width, height, data } with RGB bytes; `spec` what the card says of the input.
export function fitted(image, { width, height, fit, shorter, filter = "bilinear" }) {
  const whole = [0, 0, image.width, image.height];
  if (fit === "squash") return resized(image, [width, height], whole, filter);
  if (fit === "pad") {
    const size = inside(image, [width, height]);
    const left = Math.floor((width - size[0]) / 2), top = Math.floor((height - size[1]) / 2);
    return cut(resized(image, size, whole, filter), [width, height], -left, -top);
  }
  if (!shorter) return resized(image, [width, height], middle(image, [width, height]), filter);
  const least = Math.min(image.width, image.height);
  const made = [image.width, image.height].map((side) => Math.floor(shorter * side / least));
  const [left, top] = [round((made[0] - width) / 2), round((made[1] - height) / 2)];
  if (Math.max(...made) > LONGEST * shorter) {
    const wide = image.width / made[0], tall = image.height / made[1];
    return resized(image, [width, height], [left * wide, top * tall, (left + width) * wide, (top + height) * tall], filter);
  }
  return cut(resized(image, made, whole, filter), [width, height], left, top);
}

// Any picture the browser can read, upright, as RGB bytes on white; `most` megapixels at most.
export async function pixelsOf(file, most) {
  let bitmap;
  try {
    // Its own numbers: as elsewhere here, a colour profile in the file is not applied.
    bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" });
  } catch {
    throw new Error("This is no picture that the browser can read: take a PNG or JPEG file.");
  }
  const { width, height } = bitmap;
  if (width * height > most * 1e6) {
    throw new Error(`The picture has ${width} × ${height} px, over the limit of ${most} megapixels: make it smaller.`);
  }
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d", { willReadFrequently: true });
  Object.assign(canvas, { width, height });
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = pen.getImageData(0, 0, width, height), rgb = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; to < rgb.length; from += 4) {
    rgb[to++] = data[from];
    rgb[to++] = data[from + 1];
    rgb[to++] = data[from + 2];
  }
  return { width, height, data: rgb };
}
