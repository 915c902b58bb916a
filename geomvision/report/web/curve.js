// How many pixels lie within an error: one curve for each method, over the pixels with truth that both views see.

const CURVE_COLORS = ["#0b7a6f", "#d1495b", "#3d6fd6", "#c77700", "#7d4fc4", "#4f8a10", "#b03a86", "#5d6b7a"];

class Curve {
  constructor(root, scene) {
    Object.assign(this, { root, scene });
    this.draw();
  }

  /** Shares of pixels with error ≤ 0, cap/64, …, cap. A missing estimate is within no error. */
  shares(estimate) {
    const { truth, occluded, errorCap } = this.scene;
    const counts = new Float64Array(65);
    let pixels = 0;
    for (let i = 0; i < truth[0].length; i++) {
      if (Number.isNaN(truth[0][i]) || (occluded && occluded[i])) continue;
      pixels++;
      const bin = Math.ceil((64 * estimate.error[i]) / errorCap);
      if (bin <= 64) counts[bin]++;
    }
    let sum = 0;
    return Array.from(counts, (count) => (sum += count) / Math.max(1, pixels));
  }

  draw() {
    const holder = this.root.querySelector(".curve");
    const [width, height, left, bottom] = [380, 190, 34, 20];
    const x = (share) => left + share * (width - left - 6);
    const y = (share) => 6 + (1 - share) * (height - bottom - 6);
    const svg = (tag, attributes, text = "") => {
      const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      element.textContent = text;
      return element;
    };
    const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
    const unit = this.scene.data.errorUnit;
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      chart.append(svg("line", { x1: left, x2: width - 6, y1: y(share), y2: y(share), class: "grid" }));
      chart.append(svg("text", { x: left - 5, y: y(share) + 4, "text-anchor": "end" }, `${100 * share}%`));
      const anchor = share === 1 ? "end" : "middle";
      const tick = `${Number((share * this.scene.errorCap).toPrecision(3))}${share === 1 ? ` ${unit}` : ""}`;
      chart.append(svg("text", { x: x(share) + (share === 1 ? 6 : 0), y: height - 5, "text-anchor": anchor }, tick));
    }
    this.scene.estimates.forEach((estimate, index) => {
      const points = this.shares(estimate).map((share, k) => `${x(k / 64).toFixed(1)},${y(share).toFixed(1)}`);
      const color = CURVE_COLORS[index % CURVE_COLORS.length];
      const line = svg("polyline", { points: points.join(" "), stroke: color, class: "line" });
      line.append(svg("title", {}, estimate.label));
      chart.append(line);
    });
    holder.replaceChildren(chart);
  }
}
