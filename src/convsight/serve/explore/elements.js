// Making elements; what comes from files and classes is put in as text, never as HTML.

export const $ = (id) => document.getElementById(id);

export function element(tag, { text, children = [], ...attributes } = {}) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

// A number in as few digits as people read: 4 of them. What is infinite or no number comes as null.
export function short(value) { return value === null ? "no number" : Number(value.toPrecision(4)).toString(); }

export function percent(share) { return `${(100 * share).toFixed(1)} %`; }

export function say(words) { $("status").textContent = words; }

// A picture of bytes in base64, ready to be drawn.
export async function pngOf(base64) {
  const image = new Image();
  image.src = `data:image/png;base64,${base64}`;
  await image.decode();
  return image;
}
