// What is shown: data set, protocol, figure and filters; the address keeps them.

const BOARD = JSON.parse(document.getElementById("board-data").textContent);
const at = (id) => document.getElementById(id);

/** Error over time, memory or parameters, with the methods that none beats in both. */
function drawPareto(view) {
  const { section, protocol, figure } = view;
  const cost = COSTS[view.cost];
  const points = section.entries
    .map((entry, m) => ({ label: entry.label, x: cost.of(entry), y: figure.overall[m], low: figure.low && figure.low[m], high: figure.high && figure.high[m], whole: figure.rank[m] !== null }))
    .filter((point) => known(point.x) && point.x > 0 && known(point.y) && passes(view.methods, point.label))
    .sort((a, b) => a.x - b.x || (figure.better_high ? b.y - a.y : a.y - b.y));
  const holder = at("pareto");
  if (points.length === 0) return holder.replaceChildren(element("p", { class: "quiet" }, `No method has both this figure and ${cost.title}.`));
  const [width, height, left, bottom, right, top] = [620, 380, 54, 40, 16, 12];
  const decades = points.map((point) => Math.log10(point.x));
  const [x0, x1] = [Math.min(...decades) - 0.15, Math.max(...decades) + 0.45];
  const heights = points.flatMap((p) => [p.y, p.low, p.high]).filter(known);
  const steep = !figure.better_high && Math.min(...heights) > 0 && Math.max(...heights) > 4 * Math.min(...heights);
  const level = steep ? Math.log10 : (value) => value;
  const ends = scaleOf(points.map((p) => ({ value: p.y, low: p.low, high: p.high })));
  const [y0, y1] = steep ? [Math.log10(Math.min(...heights)) - 0.05, Math.log10(Math.max(...heights)) + 0.05] : ends;
  const x = (value) => left + ((Math.log10(value) - x0) / (x1 - x0)) * (width - left - right);
  const y = (value) => height - bottom - ((level(value) - y0) / (y1 - y0 || 1)) * (height - bottom - top);
  const chart = drawing("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${figure.name} over ${cost.title}` });
  for (let k = 0; k <= 4; k++) {
    const even = y0 + (k / 4) * (y1 - y0);
    const value = steep ? 10 ** even : even;
    chart.append(drawing("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), class: "grid" }));
    chart.append(drawing("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, Number(value.toPrecision(3)).toString()));
  }
  const ticks = [];
  for (let decade = Math.floor(x0); decade <= Math.ceil(x1); decade++) for (const step of [1, 2, 5]) ticks.push(step * 10 ** decade);
  const inside = ticks.filter((tick) => Math.log10(tick) >= x0 && Math.log10(tick) <= x1);
  for (const tick of inside.length > 9 ? inside.filter((t) => Number.isInteger(Math.round(Math.log10(t) * 1e6) / 1e6)) : inside) {
    chart.append(drawing("line", { x1: x(tick), x2: x(tick), y1: top, y2: height - bottom, class: "grid" }));
    chart.append(drawing("text", { x: x(tick), y: height - bottom + 16, "text-anchor": "middle" }, Number(tick.toPrecision(1)).toString()));
  }
  chart.append(drawing("text", { x: (left + width) / 2, y: height - 4, "text-anchor": "middle" }, cost.title));
  chart.append(drawing("text", { x: 12, y: height / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${height / 2})` }, `${protocol.name} ${figure.name} ${figure.unit}`));
  const front = [];
  for (const point of points) {
    const last = front[front.length - 1];
    if (point.whole && (!last || (figure.better_high ? point.y > last.y : point.y < last.y))) front.push(point);
  }
  const steps = front.flatMap((point, k) => (k ? [`${x(point.x)},${y(front[k - 1].y)}`, `${x(point.x)},${y(point.y)}`] : [`${x(point.x)},${y(point.y)}`]));
  chart.append(drawing("polyline", { points: steps.join(" "), class: "front" }));
  const placed = [];
  for (const point of points) {
    const [cx, cy] = [x(point.x), y(point.y)];
    if (known(point.low)) chart.append(drawing("line", { x1: cx, x2: cx, y1: y(point.low), y2: y(point.high), class: "spread" }));
    const classes = `dot${front.includes(point) ? " best" : ""}${point.whole ? "" : " part"}`;
    const told = `${point.label}: ${printed(point.y, figure.digits)} ${figure.unit} at ${printed(point.x, cost.digits)} ${cost.title}`;
    chart.append(drawing("circle", { cx, cy, r: 5, class: classes }, drawing("title", {}, told)));
    const size = 6.2 * point.label.length;
    const anchorEnd = cx + 9 + size > width - right;
    const box = { x: anchorEnd ? cx - 9 - size : cx + 9, w: size };
    const spot = [4, -9, 17, -22, 30].map((shift) => cy + shift).find((ty) => ty > top && ty < height - bottom &&
      !placed.some((other) => Math.abs(other.y - ty) < 12 && other.x < box.x + box.w && box.x < other.x + other.w));
    if (spot === undefined) continue; // its title still tells it
    placed.push({ ...box, y: spot });
    chart.append(drawing("text", { x: anchorEnd ? cx - 9 : cx + 9, y: spot, "text-anchor": anchorEnd ? "end" : "start", class: "label" }, point.label));
  }
  view.front = front.map((point) => point.label);
  return holder.replaceChildren(chart);
}

class View {
  constructor() {
    const given = new URLSearchParams(location.hash.slice(1));
    Object.assign(this, { methods: "", scenes: "", published: true, cost: "seconds" });
    const section = BOARD.sections.findIndex((one) => `${one.task}/${one.dataset}` === given.get("data"));
    this.listen();
    this.open(BOARD.sections[Math.max(0, section)], given.get("protocol"), given.get("figure"));
  }

  listen() {
    document.querySelector(".tabs").replaceChildren(...BOARD.sections.map((section) =>
      element("button", { type: "button", onclick: () => this.open(section) }, BOARD.tasks > 1 ? `${section.task}: ${section.dataset}` : section.dataset)));
    at("protocol").addEventListener("change", () => this.choose(at("protocol").value));
    at("figure").addEventListener("change", () => this.choose(this.protocol.name, at("figure").value));
    at("methods").addEventListener("input", () => { this.methods = at("methods").value; this.draw(); });
    at("scenes").addEventListener("input", () => { this.scenes = at("scenes").value; drawScenes(this); });
    at("published").addEventListener("change", () => { this.published = at("published").checked; drawRanking(this); });
    at("cost").addEventListener("change", () => { this.cost = at("cost").value; drawPareto(this); });
    at("theme").addEventListener("click", () => {
      const root = document.documentElement;
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
    });
  }

  open(section, protocol = null, figure = null) {
    this.section = section;
    [...document.querySelectorAll(".tabs button")].forEach((tab, k) => tab.setAttribute("aria-pressed", BOARD.sections[k] === section));
    at("heading").textContent = section.title;
    at("protocol").replaceChildren(...section.protocols.map((one) => element("option", { value: one.name }, one.name)));
    const costs = Object.entries(COSTS).filter(([, cost]) => section.entries.some((entry) => known(cost.of(entry))));
    at("cost").replaceChildren(...costs.map(([name, cost]) => element("option", { value: name }, cost.title)));
    if (costs.length && !costs.some(([name]) => name === this.cost)) this.cost = costs[0][0];
    at("cost").value = this.cost;
    at("pareto-box").hidden = costs.length === 0;
    at("published-box").hidden = section.published.length === 0;
    at("failures-box").hidden = section.failures.length === 0;
    at("failures-box").querySelector("summary").textContent = `Failures (${section.failures.length})`;
    at("failures").replaceChildren(...section.failures.map((line) => element("li", {}, line)));
    at("sources-box").hidden = section.published.length === 0;
    at("sources").replaceChildren(...section.published.map((one) => element("li", {}, `${one.method}: ${one.source}${one.note ? ` (${one.note})` : ""}`)));
    at("notes").replaceChildren(...section.notes.flatMap((line) => [element("dt", {}, "·"), element("dd", {}, line)]));
    at("options").replaceChildren(...section.entries.map((entry) => element("div", {}, element("h4", {}, entry.label), element("p", {}, entry.method),
      element("table", {}, ...Object.entries(entry.options).map(([name, value]) => element("tr", {}, element("th", {}, name), element("td", {}, String(value))))))));
    this.choose(protocol, figure);
  }

  choose(protocol, figure) {
    const { section } = this;
    if (section.protocols.length === 0) {
      at("rule").textContent = "No protocol has scored anything here: see the failures.";
      for (const id of ["ranking", "all", "by-scene"]) at(id).replaceChildren();
      for (const id of ["pareto-box", "tests-box", "scenes-box", "all-box"]) at(id).hidden = true;
      return;
    }
    at("all-box").hidden = false;
    this.protocol = section.protocols.find((one) => one.name === protocol) || section.protocols[0];
    this.figure = this.protocol.figures.find((one) => one.name === figure) || headline(this.protocol);
    at("protocol").value = this.protocol.name;
    at("figure").replaceChildren(...this.protocol.figures.map((one) => element("option", { value: one.name }, one.name)));
    at("figure").value = this.figure.name;
    at("rule").textContent = this.protocol.rule;
    at("fine").textContent = BOARD.fine;
    history.replaceState(null, "", `#${new URLSearchParams({ data: `${section.task}/${section.dataset}`, protocol: this.protocol.name, figure: this.figure.name })}`);
    this.draw();
  }

  draw() {
    at("picture").replaceChildren();
    for (const part of [drawRanking, drawPareto, drawTests, drawScenes, drawAll]) part(this);
  }

  pictureOf(sample, label) {
    return this.section.pictures ? (this.section.pictures.of[sample] || {})[label] : undefined;
  }

  /** Show a kept estimate above the table, or take it away again. */
  togglePicture(cell, sample, entry, value) {
    if (cell.figureShown) {
      cell.figureShown.remove();
      cell.figureShown = null;
      if (!at("picture").querySelector(`.estimate[data-sample="${CSS.escape(sample)}"]`))
        for (const shown of at("picture").querySelectorAll(`[data-sample="${CSS.escape(sample)}"]`)) shown.remove();
      return cell.classList.remove("open");
    }
    if (!at("picture").querySelector(`[data-sample="${CSS.escape(sample)}"]`))
      for (const [name, src] of Object.entries(this.section.pictures.given[sample] || {}))
        at("picture").append(this.picture(src, `${sample} · ${name}`, sample, "given"));
    const told = `${sample} · ${entry.label}${known(value) ? ` · ${printed(value, this.figure.digits)} ${this.figure.unit}` : ""}`;
    cell.figureShown = this.picture(this.pictureOf(sample, entry.label), told, sample, "estimate");
    const alike = [...at("picture").children].filter((shown) => shown.dataset.sample === sample);
    if (alike.length) alike[alike.length - 1].after(cell.figureShown);
    else at("picture").append(cell.figureShown);
    return cell.classList.add("open");
  }

  picture(src, told, sample, kind) {
    return element("figure", { class: kind, "data-sample": sample }, element("img", { src, alt: told }), element("figcaption", {}, told));
  }
}

document.body.view = new View();
