// Two layers on one canvas with a handle between them, zoom, the values under the pointer, legends.

const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};

class Comparer {
  constructor(root, scene) {
    Object.assign(this, { root, scene, split: 0.5, zoom: 1, left: 0, top: 0 });
    this.canvas = root.querySelector(".stage canvas");
    this.stage = root.querySelector(".stage");
    this.handle = root.querySelector(".handle");
    this.a = this.layer("image0");
    this.b = this.layer("map0") || this.layer("image1") || this.a;
    this.fillSelects();
    this.listen();
    this.drawLegends();
    this.drawSheet();
    new ResizeObserver(() => this.draw()).observe(this.stage);
    this.read(null);
  }

  layer(key) {
    return this.scene.layers.find((layer) => layer.key === key);
  }

  fillSelects() {
    for (const side of ["a", "b"]) {
      const select = this.root.querySelector(`select.${side}`);
      const groups = new Map();
      for (const layer of this.scene.layers) {
        if (!groups.has(layer.group)) groups.set(layer.group, make("optgroup", { label: layer.group }));
        groups.get(layer.group).append(make("option", { value: layer.key }, layer.label));
      }
      select.replaceChildren(...groups.values());
      select.addEventListener("change", () => this.show(side, select.value));
      select.value = this[side].key;
    }
  }

  show(side, key) {
    this[side] = this.layer(key);
    this.root.querySelector(`select.${side}`).value = key;
    for (const thumb of this.root.querySelectorAll(".sheet button"))
      thumb.setAttribute("aria-pressed", thumb.dataset.key === this.a.key || thumb.dataset.key === this.b.key);
    this.draw();
  }

  listen() {
    const move = (event) => {
      const box = this.stage.getBoundingClientRect();
      this.setSplit((event.clientX - box.left) / box.width);
    };
    this.handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.handle.setPointerCapture(event.pointerId);
      this.handle.onpointermove = move;
    });
    this.handle.addEventListener("pointerup", () => (this.handle.onpointermove = null));
    this.handle.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
      if (step) this.setSplit(this.split + step);
    });
    this.stage.addEventListener("pointermove", (event) => this.hover(event));
    this.stage.addEventListener("pointerleave", () => this.read(null));
    this.stage.addEventListener("pointerdown", (event) => (this.grabbed = this.zoom > 1 ? event : null));
    window.addEventListener("pointerup", () => (this.grabbed = null));
    for (const button of this.root.querySelectorAll(".zoom button"))
      button.addEventListener("click", () => this.setZoom(Number(button.dataset.zoom)));
    const cap = this.root.querySelector("select.cap");
    if (cap) cap.value = [...cap.options].find((one) => Number(one.value) === this.scene.errorCap).value;
    if (cap)
      cap.addEventListener("change", () => {
        this.scene.setErrorCap(Number(cap.value));
        this.drawLegends();
        this.drawSheet();
        this.draw();
      });
  }

  setSplit(share) {
    this.split = Math.max(0, Math.min(1, share));
    this.draw();
  }

  /** Zoom about what is in the middle now. */
  setZoom(zoom) {
    const centre = [this.left + 0.5 / this.zoom, this.top + 0.5 / this.zoom];
    this.zoom = zoom;
    this.pan(centre[0] - 0.5 / zoom, centre[1] - 0.5 / zoom);
    for (const button of this.root.querySelectorAll(".zoom button"))
      button.setAttribute("aria-pressed", Number(button.dataset.zoom) === zoom);
  }

  pan(left, top) {
    this.left = Math.max(0, Math.min(1 - 1 / this.zoom, left));
    this.top = Math.max(0, Math.min(1 - 1 / this.zoom, top));
    this.draw();
  }

  draw() {
    const { width, height } = this.scene;
    const shown = this.stage.clientWidth;
    const device = window.devicePixelRatio || 1;
    const wide = Math.round(shown * device);
    const tall = Math.round((wide * height) / width);
    if (this.canvas.width !== wide || this.canvas.height !== tall) Object.assign(this.canvas, { width: wide, height: tall });
    const context = this.canvas.getContext("2d");
    context.imageSmoothingEnabled = wide < width * this.zoom;
    const source = [this.left * width, this.top * height, width / this.zoom, height / this.zoom];
    context.drawImage(this.b.canvas(), ...source, 0, 0, wide, tall);
    context.save();
    context.beginPath();
    context.rect(0, 0, wide * this.split, tall);
    context.clip();
    context.drawImage(this.a.canvas(), ...source, 0, 0, wide, tall);
    context.restore();
    this.handle.style.left = `${100 * this.split}%`;
    this.handle.setAttribute("aria-valuenow", Math.round(100 * this.split));
    this.root.querySelector(".tag.a").textContent = this.a.label;
    this.root.querySelector(".tag.b").textContent = this.b.label;
  }

  hover(event) {
    const box = this.stage.getBoundingClientRect();
    if (this.grabbed) {
      this.pan(
        this.left - (event.clientX - this.grabbed.clientX) / box.width / this.zoom,
        this.top - (event.clientY - this.grabbed.clientY) / box.height / this.zoom,
      );
      this.grabbed = event;
    }
    const x = Math.floor((this.left + (event.clientX - box.left) / box.width / this.zoom) * this.scene.width);
    const y = Math.floor((this.top + (event.clientY - box.top) / box.height / this.zoom) * this.scene.height);
    const inside = x >= 0 && y >= 0 && x < this.scene.width && y < this.scene.height;
    this.read(inside ? [x, y] : null);
  }

  /** Fill the table of values under the pointer. */
  read(at) {
    const { data, truth, occluded, estimates, width } = this.scene;
    const i = at ? at[1] * width + at[0] : -1;
    const format = (planes, missing = "none") => {
      if (!at) return "";
      if (Number.isNaN(planes[0][i])) return missing;
      return planes.map((plane) => plane[i].toFixed(data.unit === "m" ? 3 : 2)).join(", ");
    };
    const lines = [];
    if (truth) lines.push(["truth", format(truth, "unknown"), "", "transparent"]);
    for (const [index, e] of estimates.entries()) {
      const error = at && truth && !Number.isNaN(e.error[i]) ? e.error[i].toFixed(data.errorUnit === "m" ? 3 : 2) : "";
      lines.push([e.label, format(e.planes), error, truth ? CURVE_COLORS[index % CURVE_COLORS.length] : "transparent"]);
    }
    this.root.querySelector(".values tbody").replaceChildren(
      ...lines.map(([label, value, error, color]) => make("tr", {},
        make("th", { title: label }, make("span", { class: "key", style: `background:${color}` }), label),
        make("td", {}, value), make("td", {}, error))));
    const where = at ? `x ${at[0] * data.stride}, y ${at[1] * data.stride}` : "move over the image";
    this.root.querySelector(".where").textContent = where + (at && occluded && occluded[i] ? " · occluded" : "");
  }

  drawLegends() {
    const { data, scene } = { data: this.scene.data, scene: this.scene };
    const [low, high] = data.range;
    const holder = this.root.querySelector(".legends");
    const bar = (title, paint, from, to) => {
      const canvas = make("canvas", { width: 256, height: 12 });
      const context = canvas.getContext("2d");
      for (let x = 0; x < 256; x++) {
        context.fillStyle = `rgb(${paint(x / 255).join(",")})`;
        context.fillRect(x, 0, 1, 12);
      }
      const ends = make("div", { class: "ends" }, make("span", {}, from), make("span", {}, to));
      return make("figure", {}, make("figcaption", {}, title), canvas, ends);
    };
    const round = (value) => Number(value.toPrecision(3)).toString();
    const parts = [];
    if (data.maps.some((map) => map.planes > 1)) parts.push(this.wheel(high));
    else parts.push(bar(`${data.kind}, ${data.unit}`, (t) => scene.valueColor(t), round(low), round(high)));
    if (scene.truth)
      parts.push(bar(`error, ${data.errorUnit}${data.kind === "depth" ? " of depth" : ""}`, (t) => tableColor(scene.colors.error, t), "0", `≥ ${round(scene.errorCap)}`));
    const swatch = (name, text) => make("span", { class: `swatch ${name}` }, text);
    const swatches = make("div", { class: "swatches" }, swatch("none", "no estimate"));
    if (scene.truth) swatches.append(swatch("untold", "no truth"));
    if (scene.occluded) swatches.append(swatch("hidden", "occluded"));
    holder.replaceChildren(...parts, swatches);
  }

  wheel(full) {
    const { kind, unit } = this.scene.data;
    const size = 84;
    const canvas = make("canvas", { width: size, height: size, class: "wheel" });
    const context = canvas.getContext("2d");
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const [u, v] = [(x - size / 2) / (size / 2), (y - size / 2) / (size / 2)];
        if (Math.hypot(u, v) > 1) continue;
        context.fillStyle = `rgb(${flowColor(u, v, 1).map(Math.round).join(",")})`;
        context.fillRect(x, y, 1, 1);
      }
    }
    const caption = make("figcaption", {}, `${kind}: direction${kind === "motion" ? " (right, ahead)" : ""} is hue, rim is ≥ ${Number(full.toPrecision(3))} ${unit}`);
    return make("figure", {}, caption, canvas);
  }

  /** Everything at a glance; a click shows it on the right, with Shift on the left. */
  drawSheet() {
    const sheet = this.root.querySelector(".sheet");
    const groups = new Map();
    for (const layer of this.scene.layers) {
      const row = layer.group === "images" || layer.key === "truth" ? "given" : layer.group;
      if (!groups.has(row)) groups.set(row, make("div"));
      groups.get(row).append(this.thumb(layer));
    }
    sheet.style.setProperty("--columns", Math.max(3, this.scene.estimates.length));
    sheet.replaceChildren(...groups.values());
    this.show("b", this.b.key);
  }

  thumb(layer) {
    const canvas = make("canvas", { width: 240, height: Math.round((240 * this.scene.height) / this.scene.width) });
    canvas.getContext("2d").drawImage(layer.canvas(), 0, 0, canvas.width, canvas.height);
    const title = `${layer.label}: click to show it on the right, Shift-click on the left`;
    const onclick = (event) => this.show(event.shiftKey ? "a" : "b", layer.key);
    return make("button", { type: "button", "data-key": layer.key, title, "aria-pressed": "false", onclick }, canvas, layer.label);
  }
}
