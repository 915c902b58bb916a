// A point cloud on a plain canvas: project, keep the nearest, colour from the image. Drag turns, wheel zooms.

class Cloud {
  constructor(root, scene) {
    Object.assign(this, { root, scene, yaw: -0.22, pitch: 0.1, distance: 1.1, pending: false });
    this.canvas = root.querySelector(".cloud canvas");
    this.select = root.querySelector("select.source");
    const sources = [];
    if (scene.truth) sources.push(["truth", scene.truth]);
    for (const e of scene.estimates) sources.push([e.label, e.planes]);
    this.sources = new Map(sources);
    this.select.replaceChildren(...[...this.sources.keys()].map((name) => make("option", { value: name }, name)));
    this.select.addEventListener("change", () => this.choose(this.select.value));
    const first = scene.estimates.length ? scene.estimates[0].label : "truth";
    this.select.value = first;
    this.colors = this.imageColors();
    this.choose(first);
    this.listen();
    new ResizeObserver(() => this.redraw()).observe(this.canvas.parentElement);
  }

  imageColors() {
    const canvas = this.scene.layers[0].canvas();
    return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  }

  /** Points in the left camera's frame: x right, y down, z forward. */
  choose(name) {
    const { width, height, data } = this.scene;
    const [values] = this.sources.get(name);
    const stride = data.stride;
    const camera = data.camera || { fx: width * stride, fy: width * stride, cx: (width * stride) / 2, cy: (height * stride) / 2 };
    const factor = camera.fx * (camera.baseline || 0.1);
    const depthOf = (value) =>
      data.kind === "depth" ? value : value + (camera.doffs || 0) > 0.01 ? factor / (value + (camera.doffs || 0)) : NaN;
    const depths = Float32Array.from(values, depthOf);
    const sorted = depths.filter((z) => Number.isFinite(z)).sort();
    const [middle, far] = [0.5, 0.98].map((q) => sorted[Math.floor(q * (sorted.length - 1))] || 1);
    const limit = Math.min(far * 1.1, middle * 8);
    const points = [];
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const z = depths[i];
        if (!(z > 0 && z <= limit)) continue;
        points.push(((x * stride - camera.cx) / camera.fx) * z, ((y * stride - camera.cy) / camera.fy) * z, z, i);
      }
    }
    this.points = Float32Array.from(points);
    const z = middle;
    const [right, down] = [(width * stride) / 2 - camera.cx, (height * stride) / 2 - camera.cy];
    this.centre = [(right / camera.fx) * z, (down / camera.fy) * z, z]; // what the view turns about
    this.axis = { right, down, focal: camera.fx, skew: camera.fy / camera.fx };
    this.redraw();
  }

  listen() {
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.last = event;
    });
    this.canvas.addEventListener("pointerup", () => (this.last = null));
    this.canvas.addEventListener("pointermove", (event) => {
      if (!this.last) return;
      this.yaw += (event.clientX - this.last.clientX) * 0.006;
      this.pitch = Math.max(-1.4, Math.min(1.4, this.pitch - (event.clientY - this.last.clientY) * 0.006));
      this.last = event;
      this.redraw();
    });
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.distance = Math.max(0.2, Math.min(4, this.distance * Math.exp(event.deltaY * 0.001)));
      this.redraw();
    }, { passive: false });
    this.root.querySelector(".reset").addEventListener("click", () => {
      Object.assign(this, { yaw: 0, pitch: 0, distance: 1 });
      this.redraw();
    });
  }

  redraw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.draw();
    });
  }

  draw() {
    const wide = Math.round(this.canvas.parentElement.clientWidth);
    const tall = Math.round(wide * 0.5);
    if (wide === 0) return;
    if (this.canvas.width !== wide || this.canvas.height !== tall) Object.assign(this.canvas, { width: wide, height: tall });
    const context = this.canvas.getContext("2d");
    const picture = context.createImageData(wide, tall);
    const pixels = new Uint32Array(picture.data.buffer).fill(0xff1c1a18);
    const nearest = new Float32Array(wide * tall).fill(Infinity);
    const colors = new Uint32Array(this.colors.buffer);
    const [cosYaw, sinYaw, cosPitch, sinPitch] =
      [Math.cos(this.yaw), Math.sin(this.yaw), Math.cos(this.pitch), Math.sin(this.pitch)];
    const scale = Math.min(wide / this.scene.width, tall / this.scene.height) / this.scene.data.stride;
    const focal = scale * this.axis.focal;
    const [x0, y0, z0] = [wide / 2 - scale * this.axis.right, tall / 2 - scale * this.axis.down, this.centre[2]];
    const dot = 1.2 * scale * this.scene.data.stride; // how wide one pixel of the map appears at its own depth
    const p = this.points;
    for (let k = 0; k < p.length; k += 4) {
      const x = p[k] - this.centre[0];
      const y = p[k + 1] - this.centre[1];
      const z = p[k + 2] - z0;
      const turnedX = cosYaw * x - sinYaw * z;
      const turnedZ = sinYaw * x + cosYaw * z;
      const turnedY = cosPitch * y - sinPitch * turnedZ;
      const depth = sinPitch * y + cosPitch * turnedZ + z0 * this.distance;
      if (depth < 0.02 * z0) continue;
      const u = Math.round(x0 + (focal * (turnedX + this.centre[0] * this.distance)) / depth);
      const v = Math.round(y0 + (this.axis.skew * focal * (turnedY + this.centre[1] * this.distance)) / depth);
      const size = Math.min(6, Math.max(1, Math.ceil((dot * p[k + 2]) / depth)));
      for (let row = v; row < v + size; row++) {
        if (row < 0 || row >= tall) continue;
        for (let column = u; column < u + size; column++) {
          if (column < 0 || column >= wide || depth >= nearest[row * wide + column]) continue;
          nearest[row * wide + column] = depth;
          pixels[row * wide + column] = colors[p[k + 3]];
        }
      }
    }
    context.putImageData(picture, 0, 0);
  }
}
