// What a page in a file asks instead of a server: the network itself, whose weights and pictures stand in the file.
import { $ } from "../elements.js";
import { filterOf } from "./filters.js";
import { fitted, pixelsOf } from "./fit.js";
import { cellOf, mapsOf } from "./layers.js";
import { run, weightsOf } from "./program.js";
import { Tensor } from "./tensors.js";

const MOST = 50;  // megapixels

export class Server {
  #saved = JSON.parse($("saved").textContent);
  #weights = weightsOf($("numbers").textContent.trim(), this.#saved.weights);
  #pictures = [];  // files by the number of the sample
  #last = null;  // the picture that is worked on, and what every step gives for it
  #taken = 0;

  async network() { return this.#saved.network; }

  async sample(number) {
    if (!this.#saved.pictures[number]) {
      throw new Error(`no picture ${number}: there are ${this.#saved.pictures.length}, counted from 0`);
    }
    return this.#pictures[number] ??= bytesOf(this.#saved.pictures[number].file);
  }

  async thumbnail(number) { return URL.createObjectURL(await this.sample(number)); }

  async predict(file, method = "") {
    const { seen } = await this.#seenOf(file);
    if (method) return this.#mapOf(file, method);
    const { deployed, output, network } = this.#saved;
    const made = await run(deployed, seen, this.#weights);
    const shares = made[deployed.outputs[output].step].data;
    const labels = network.classes.map((name, n) => ({ name, probability: shares[n] }));
    return { labels: labels.sort((one, other) => other.probability - one.probability) };
  }

  async take(file) {
    const { image } = await this.#seenOf(file);
    return { picture: `here-${++this.#taken}`, size: [image.width, image.height], seen: null, remark: "" };
  }

  async layer(picture, name, channel) {
    const { layer, steps, made } = await this.#opened(picture.file, name);
    return mapsOf(layer, steps.at(-1).step, made[steps.at(-1).index], channel);
  }

  async cell(picture, place) {
    const { layer, steps, planes, made } = await this.#opened(picture.file, place.layer);
    return cellOf(layer, steps, planes, made, this.#weights, place);
  }

  async filter({ layer: name, channel }) {
    const { layers, model } = this.#saved, { steps: [index], of_picture: isOfPicture } = layers[this.#place(name)];
    return filterOf(model.steps[index], this.#weights, channel, isOfPicture);
  }

  #mapOf(file, method) {
    const number = this.#pictures.indexOf(file), found = this.#saved.pictures[number]?.maps[method];
    if (!found) throw new Error("Maps stand in this file for its own pictures alone: pick one of them.");
    return found;
  }

  async #seenOf(file) {
    const image = await pixelsOf(file, MOST), { width, height, data } = fitted(image, this.#saved.input);
    return { image, seen: new Tensor([1, height, width, 3], Float32Array.from(data)) };
  }

  async #opened(file, name) {
    const { network, layers } = this.#saved, place = this.#place(name);
    if (this.#last?.file !== file) this.#last = { file, work: this.#worked(file) };
    const steps = layers[place].steps.map((index) => ({ index, step: this.#saved.model.steps[index] }));
    return { layer: network.layers[place], steps, ...await this.#last.work };
  }

  #place(name) {
    const place = this.#saved.network.layers.findIndex((each) => each.name === name);
    if (place < 0) throw new Error(`unknown layer '${name}'`);
    return place;
  }

  async #worked(file) {
    const { planes: input, model } = this.#saved, { seen } = await this.#seenOf(file);
    const planes = (await run(input, seen, this.#weights))[input.outputs[""].step];
    return { planes, made: await run(model, planes, this.#weights) };
  }
}

function bytesOf(base64) {
  const text = atob(base64);
  return new Blob([Uint8Array.from(text, (letter) => letter.charCodeAt(0))], { type: "image/png" });
}
