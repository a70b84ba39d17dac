// What is asked of the server. Where it is gone, or has let go of the picture, it is asked again when that is mended.
import { $ } from "./elements.js";

const WAIT = 1500;  // ms until a server that does not answer is asked again

class RefusedError extends Error {
  constructor(status, words) {
    super(words);
    this.status = status;
  }
}

function trouble(words) {
  $("trouble").hidden = !words;
  $("trouble").textContent = words;
}

async function fetched(address, options) {
  for (;;) {
    let response;
    try {
      // Browsers keep a 410, and would answer with it what the server could answer by now.
      response = await fetch(address, { cache: "no-store", ...options });
    } catch (problem) {
      if (options?.signal?.aborted) throw problem;
      trouble("The server does not answer: it may have been stopped. Start it again; this page goes on by itself.");
      await new Promise((done) => setTimeout(done, WAIT));
      continue;
    }
    trouble("");
    if (response.status === 503) {
      await new Promise((done) => setTimeout(done, WAIT));
      options?.signal?.throwIfAborted();
      continue;
    }
    if (!response.ok) throw new RefusedError(response.status, await refusal(response));
    return response;
  }
}

async function refusal(response) {
  const document = await response.json().catch(() => ({}));
  return document.error || document.answers?.[0]?.error || `the server answers ${response.status}`;
}

const asBody = (body, accept = "application/json") => ({
  method: "POST", headers: { "Content-Type": "application/octet-stream", Accept: accept }, body,
});

export class Server {
  network() { return fetched("/explore/network").then((response) => response.json()); }

  async sample(number) { return (await fetched(`/explore/samples/${number}`)).blob(); }

  async thumbnail(number) { return URL.createObjectURL(await (await fetched(`/explore/thumbnails/${number}`)).blob()); }

  // A picture with what is found from a threshold on, and how good that is on pictures whose truth is known.
  async drawn(file, threshold) {
    const query = threshold === null ? "" : `?threshold=${threshold}`;
    return (await fetched(`/explore/thresholds/drawn${query}`, asBody(file))).json();
  }

  async askForSweep() { return (await fetched("/explore/thresholds", { method: "POST" })).json(); }

  async sweepProgress() { return (await fetched("/explore/thresholds")).json(); }

  async sweep() { return (await fetched("/explore/thresholds/swept")).json(); }

  // The plane of all pictures: asked for, how far it is, and itself.
  async askForPlane() { return (await fetched("/explore/plane", { method: "POST" })).json(); }

  async planeProgress() { return (await fetched("/explore/plane")).json(); }

  async plane() { return (await fetched("/explore/plane/points")).json(); }

  async planePicture(number) { return (await fetched(`/explore/plane/pictures/${number}`)).blob(); }

  async planeThumbnail(number, signal) {
    return URL.createObjectURL(await (await fetched(`/explore/plane/thumbnails/${number}`, { signal })).blob());
  }

  // What the deployed network answers, or with a method the map of what that depends on.
  async predict(file, method = "", target = "") {
    const query = new URLSearchParams();
    if (method) query.set("explain", method);
    if (target) query.set("target", target);
    const response = await fetched(`/predict?${query}`, asBody(file));
    return (await response.json()).answers[0];
  }

  async take(file) { return (await fetched("/explore/pictures", asBody(file))).json(); }

  layer(picture, name, channel) {
    return this.#of(picture, `/explore/layers/${encodeURIComponent(name)}`, channel === undefined ? {} : { channel });
  }

  cell(picture, { layer, channel, row, column }) {
    return this.#of(picture, `/explore/cells/${encodeURIComponent(layer)}`, { channel, row, column });
  }

  // What a channel looks for: its weights.
  filter({ layer, channel }) {
    return this.#json(`/explore/filters/${encodeURIComponent(layer)}?${new URLSearchParams({ channel })}`);
  }

  // What excites it most among the pictures looked at so far; each question looks at some more.
  exciting({ layer, channel }) {
    return this.#json(`/explore/exciting/${encodeURIComponent(layer)}?${new URLSearchParams({ channel })}`);
  }

  async #json(address) { return (await fetched(address)).json(); }

  async #of(picture, address, query) {
    const asked = `${address}?${new URLSearchParams({ picture: picture.name, ...query })}`;
    try {
      return await (await fetched(asked)).json();
    } catch (problem) {
      if (problem.status !== 410) throw problem;
      await this.take(picture.file);  // a server that was started again, or had no more room
      return (await fetched(asked)).json();
    }
  }
}
