// The point cloud of a map, coloured from the image.

class Cloud extends Space {
  constructor(root, scene) {
    super(root.querySelector(".cloud canvas"), root.querySelector(".reset"));
    Object.assign(this, { scene, frame: { width: scene.width * scene.data.stride, height: scene.height * scene.data.stride } });
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
  }

  imageColors() {
    const canvas = this.scene.layers[0].canvas();
    return new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  }

  /** Points in the left camera's frame: x right, y down, z forward; each with the index of its pixel. */
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
    const [right, down] = [(width * stride) / 2 - camera.cx, (height * stride) / 2 - camera.cy];
    this.centre = [(right / camera.fx) * middle, (down / camera.fy) * middle, middle]; // what the view turns about
    this.axis = { right, down, focal: camera.fx, skew: camera.fy / camera.fx };
    this.redraw();
  }

  paint() {
    const p = this.points;
    const { across, down, away } = this.project(p, 4);
    const size = 1.2 * this.scale * this.scene.data.stride; // how wide one pixel of the map appears at its own depth
    for (let i = 0, k = 0; i < away.length; i++, k += 4) {
      if (away[i] === 0) continue;
      const side = Math.min(6, Math.max(1, Math.ceil((size * p[k + 2]) / away[i])));
      this.dot(Math.round(across[i]), Math.round(down[i]), side, away[i], this.colors[p[k + 3]]);
    }
  }
}
