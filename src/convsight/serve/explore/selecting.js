// Choosing points of the plane: a line drawn around them, or a rectangle, by mouse, pen or finger.

// Whether a place lies within a closed line: a ray from it crosses the line an odd number of times.
export function isWithin([x, y], line) {
  let inside = false;
  for (let n = 0, before = line.length - 1; n < line.length; before = n++) {
    const [ax, ay] = line[n], [bx, by] = line[before];
    if ((ay > y) !== (by > y) && x < ax + (y - ay) / (by - ay) * (bx - ax)) inside = !inside;
  }
  return inside;
}

function rectangle([left, top], [right, bottom]) { return [[left, top], [right, top], [right, bottom], [left, bottom]]; }

// `kind` tells what is drawn, `drawn` is given the line so far, `chosen` the whole one and whether it adds to what was
// chosen before; a press that does not move is a `click`.
export function takeLines(canvas, kind, { drawn, chosen, click }) {
  let line = null;
  const place = (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const far = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]) > 4;
  const shape = () => (kind() === "rectangle" ? rectangle(line[0], line.at(-1)) : line);
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture?.(event.pointerId);
    line = [place(event)];
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!line || !far(line.at(-1), place(event))) return;
    event.preventDefault();
    line.push(place(event));
    drawn(shape());
  });
  const end = (event) => {
    if (!line) return;
    const found = line.length > 1 ? shape() : null, first = line[0];
    line = null;
    drawn(null);
    if (found) chosen(found, event.shiftKey);
    else if (event.type === "pointerup") click(first);
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", () => { line = null; drawn(null); });
}

// The nearest point to a place, of those within `most` px; with a direction, of those that lie there.
export function nearest(places, [x, y], most, direction = null) {
  let best = -1, least = most;
  places.forEach(([px, py], number) => {
    const dx = px - x, dy = py - y;
    if (direction) {
      const along = dx * direction[0] + dy * direction[1];
      if (along <= 0.01 || Math.abs(dx * direction[1] - dy * direction[0]) > along) return;
    }
    const away = Math.hypot(dx, dy);
    if (away < least) { least = away; best = number; }
  });
  return best;
}
