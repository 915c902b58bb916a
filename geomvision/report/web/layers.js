// What can be looked at: images, maps in shared colours, and their errors against the truth.

const NO_ESTIMATE = [[150, 150, 156], [172, 172, 178]]; // two greys, in squares
const OCCLUDED = [64, 190, 170]; // hatched over errors where the other view does not see

/** |estimate − truth| in px, the length of the difference for flow and motion, percent of the truth for depth; NaN where missing. */
function errorOf(planes, truth, relative) {
  const error = new Float32Array(planes[0].length);
  for (let i = 0; i < error.length; i++) {
    error[i] = planes.length > 1
      ? Math.hypot(...planes.map((plane, k) => plane[i] - truth[k][i]))
      : Math.abs(planes[0][i] - truth[0][i]) * (relative ? 100 / truth[0][i] : 1);
  }
  return error;
}

/** Direction as hue, length as saturation; `full` is the length of a saturated colour. */
function flowColor(u, v, full) {
  const hue = ((Math.atan2(v, u) / (2 * Math.PI) + 1) % 1) * 6;
  const saturation = Math.min(1, Math.hypot(u, v) / full);
  const channel = (shift) => {
    const k = (shift + hue) % 6;
    return 255 * (1 - saturation * Math.max(0, Math.min(k, 4 - k, 1)));
  };
  return [channel(5), channel(3), channel(1)];
}

function tableColor(table, share) {
  const i = 3 * Math.max(0, Math.min(255, Math.round(255 * share)));
  return [table[i], table[i + 1], table[i + 2]];
}

/** One thing to look at. `paint(i, x, y)` gives the colour of a pixel; `canvas()` paints it once. */
class Layer {
  constructor(key, label, group, width, height, paint, image = null) {
    Object.assign(this, { key, label, group, width, height, paint, image, cached: null });
  }

  canvas() {
    if (this.cached) return this.cached;
    const canvas = document.createElement("canvas");
    canvas.width = this.width;
    canvas.height = this.height;
    const context = canvas.getContext("2d");
    if (this.image) context.drawImage(this.image, 0, 0);
    else {
      const pixels = context.createImageData(this.width, this.height);
      for (let y = 0, i = 0; y < this.height; y++) {
        for (let x = 0; x < this.width; x++, i++) {
          const color = this.paint(i, x, y);
          pixels.data.set(color, 4 * i);
          pixels.data[4 * i + 3] = 255;
        }
      }
      context.putImageData(pixels, 0, 0);
    }
    this.cached = canvas;
    return canvas;
  }
}

const square = (x, y) => NO_ESTIMATE[((x >> 2) + (y >> 2)) & 1];

/** A sample with everything decoded: `layers` to look at, `estimates` to read values from. */
class Scene {
  static async load(data, colors) {
    const scene = new Scene();
    const { width, height } = data;
    Object.assign(scene, { data, colors, width, height, errorCap: data.errorCap });
    scene.images = await Promise.all(data.images.map((image) => loadImage(image.src)));
    scene.truth = data.truth && (await decodeMap(data.truth, width, height));
    scene.occluded = data.occluded && (await decodeMask(data.occluded, width * height));
    scene.estimates = await Promise.all(
      data.maps.map(async (map) => ({ label: map.label, planes: await decodeMap(map, width, height) })),
    );
    if (scene.truth) for (const e of scene.estimates) e.error = errorOf(e.planes, scene.truth, data.kind === "depth");
    scene.layers = scene.makeLayers();
    return scene;
  }

  makeLayers() {
    const make = (key, label, group, paint, image) =>
      new Layer(key, label, group, this.width, this.height, paint, image);
    const layers = this.images.map((image, i) =>
      make(`image${i}`, this.data.images[i].label, "images", null, image));
    if (this.truth) layers.push(make("truth", "truth", this.data.kind, this.valuePaint(this.truth)));
    this.estimates.forEach((e, i) =>
      layers.push(make(`map${i}`, e.label, this.data.kind, this.valuePaint(e.planes))));
    if (this.truth)
      this.estimates.forEach((e, i) =>
        layers.push(make(`error${i}`, `error of ${e.label}`, "errors", this.errorPaint(e))));
    return layers;
  }

  valuePaint(planes) {
    const [low, high] = this.data.range;
    const last = planes[planes.length - 1]; // of flow down, of motion ahead
    if (planes.length > 1)
      return (i, x, y) => (Number.isNaN(last[i]) ? square(x, y) : flowColor(planes[0][i], last[i], high));
    return (i, x, y) => {
      const value = planes[0][i];
      return Number.isNaN(value) ? square(x, y) : this.valueColor((value - low) / (high - low));
    };
  }

  /** Near is warm: large disparities, small depths. */
  valueColor(share) {
    return tableColor(this.colors.value, this.data.kind === "depth" ? 1 - share : share);
  }

  errorPaint(estimate) {
    return (i, x, y) => {
      const error = estimate.error[i];
      let color = [236, 236, 240]; // no truth here
      if (!Number.isNaN(error)) color = tableColor(this.colors.error, error / this.errorCap);
      else if (Number.isNaN(estimate.planes[0][i]) && !Number.isNaN(this.truth[0][i])) color = square(x, y);
      else return color;
      const hatched = this.occluded && this.occluded[i] && (x + y) % 6 < 3;
      return hatched ? color.map((c, k) => 0.35 * c + 0.65 * OCCLUDED[k]) : color;
    };
  }

  setErrorCap(cap) {
    this.errorCap = cap;
    for (const layer of this.layers) if (layer.group === "errors") layer.cached = null;
  }
}
