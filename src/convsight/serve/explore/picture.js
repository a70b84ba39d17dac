// Ways to give a picture: picked, dropped, pasted, chosen, drawn.
import { $, element } from "./elements.js";

const EVERY = 400;  // ms between answers while somebody draws

export function fillSamples(samples, server, choose) {
  $("samples").hidden = samples.length === 0;
  $("samples").replaceChildren(...samples.map(({ name, truth }, number) => {
    const image = element("img", { alt: truth ? `${truth}: ${name}` : name });
    server.thumbnail(number).then((address) => { image.src = address; }, () => { image.alt += " (unreadable)"; });
    const button = element("button", { type: "button", title: name, "aria-pressed": "false", onclick: () => choose(number),
                                       children: [image] });
    return element("li", { children: [button] });
  }));
}

export function markSample(number) {
  [...$("samples").querySelectorAll("button")].forEach((button, place) =>
    button.setAttribute("aria-pressed", place === number));
}

export function takeFiles(give, refuse) {
  const first = (files) => (files.length ? give(files[0], files[0].name) : refuse("No picture was in that: save it first."));
  $("file").addEventListener("change", (event) => { first(event.target.files); event.target.value = ""; });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      document.body.classList.toggle("over", kind === "dragover");
      if (kind === "drop") first(event.dataTransfer.files);
    });
  }
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) first(event.clipboardData.files);
  });
}

export function fileOf(canvas) { return new Promise((done) => canvas.toBlob(done, "image/png")); }

// The pad to draw on: every stroke is answered while it grows.
export function takeDrawing(give) {
  const pad = $("pad"), pen = pad.getContext("2d");
  let last = null, asked = 0;
  const clear = () => {
    pen.fillStyle = $("dark").checked ? "#fff" : "#000";
    pen.fillRect(0, 0, pad.width, pad.height);
  };
  const ask = async () => {
    asked = Date.now();
    give(await fileOf(pad), "a drawing");
  };
  const place = (event) => {
    const { left, top, width, height } = pad.getBoundingClientRect();
    return [(event.clientX - left) / width * pad.width, (event.clientY - top) / height * pad.height];
  };
  pad.addEventListener("pointerdown", (event) => { last = place(event); stroke(event); });
  pad.addEventListener("pointermove", (event) => stroke(event));
  addEventListener("pointerup", () => { if (last) { last = null; ask(); } });
  function stroke(event) {
    if (!last) return;
    event.preventDefault();
    const now = place(event);
    Object.assign(pen, { lineWidth: 22, lineCap: "round", strokeStyle: $("dark").checked ? "#000" : "#fff" });
    pen.beginPath();
    pen.moveTo(...last);
    pen.lineTo(...now);
    pen.stroke();
    last = now;
    if (Date.now() - asked > EVERY) ask();
  }
  $("clear").addEventListener("click", clear);
  $("dark").addEventListener("change", clear);
  clear();
}
