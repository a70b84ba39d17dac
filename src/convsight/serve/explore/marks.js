// What stands for a picture in the plane: a colour and a shape for each group, so that neither tells it alone.
const SHAPES = ["circle", "square", "triangle", "diamond", "cross", "plus"];
const COLOURS = ["--c0", "--c1", "--c2", "--c3", "--c4", "--c5"];
const MOST = SHAPES.length * COLOURS.length;  // of more groups the smallest share a dot
const STEPS = [0.05, 0.2, 0.4, 0.6, 1];  // of doubt, each larger and darker than the one before

function counted(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
  return counts;
}

function ofGroups(values) {
  const counts = counted(values);
  const names = [...counts.keys()].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const large = new Set([...names].sort((a, b) => counts.get(b) - counts.get(a)).slice(0, MOST - (names.length > MOST)));
  const groups = names.filter((name) => large.has(name)).map((name, place) => ({
    name, colour: COLOURS[place % COLOURS.length], size: 4,
    // Groups of one colour have different shapes, and neighbours in the list differ in both.
    shape: SHAPES[(place + Math.floor(place / COLOURS.length)) % SHAPES.length] }));
  const at = new Map(groups.map(({ name }, place) => [name, place]));  // before the rest comes, whose name a class may have
  if (names.length > large.size) groups.push({ name: "others", colour: "--dim", shape: "dot", size: 2 });
  return { groups, of: values.map((value) => at.get(value) ?? groups.length - 1) };
}

function ofDoubt(confidences) {
  const groups = STEPS.map((most, place) => ({
    name: `doubt ${place ? `${100 * STEPS[place - 1]} to ` : "up to "}${100 * most} %`,
    colour: place < 2 ? "--c5" : place < 4 ? "--c4" : "--c1", shape: SHAPES[[0, 0, 3, 3, 2][place]], size: 2.5 + place }));
  return { groups, of: confidences.map((sure) => STEPS.findIndex((most) => 1 - sure <= most + 1e-9)) };
}

// The ways to colour, by name; those that this plane knows nothing of are missing.
export function waysOf({ truths, named, answers, right, confidences, parts }) {
  const ways = {};
  if (truths && named) ways.truth = () => ofGroups(truths);
  if (answers) ways.answer = () => ofGroups(answers);
  if (right) ways["right or wrong"] = () => ofGroups(right.map((one) => (one ? "right" : "wrong")));
  if (confidences) ways.doubt = () => ofDoubt(confidences);
  if (new Set(parts).size > 1) ways["part of the data"] = () => ofGroups(parts);
  if (!Object.keys(ways).length) ways["one colour"] = () => ofGroups(parts.map(() => "all"));
  return ways;
}

const PATHS = {
  circle: (r) => { const path = new Path2D(); path.arc(0, 0, r, 0, 7); return path; },
  dot: (r) => PATHS.circle(r),
  square: (r) => new Path2D(`M${-r} ${-r}H${r}V${r}H${-r}Z`),
  triangle: (r) => new Path2D(`M0 ${-1.2 * r}L${1.2 * r} ${r}H${-1.2 * r}Z`),
  diamond: (r) => new Path2D(`M0 ${-1.4 * r}L${1.4 * r} 0L0 ${1.4 * r}L${-1.4 * r} 0Z`),
  cross: (r) => new Path2D(`M${-r} ${-r}L${r} ${r}M${-r} ${r}L${r} ${-r}`),
  plus: (r) => new Path2D(`M0 ${-1.3 * r}V${1.3 * r}M${-1.3 * r} 0H${1.3 * r}`),
};

export function colourOf(name) { return getComputedStyle(document.documentElement).getPropertyValue(name); }

export function drawMark(pen, { colour, shape, size }, x, y) {
  const path = PATHS[shape](size);
  pen.save();
  pen.translate(x, y);
  if (shape === "cross" || shape === "plus") {
    pen.lineWidth = 2;
    pen.strokeStyle = colourOf(colour);
    pen.stroke(path);
  } else {
    pen.fillStyle = colourOf(colour);
    pen.fill(path);
  }
  pen.restore();
}
