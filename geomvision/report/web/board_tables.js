// The ranking, all figures of a protocol, every scene, and who differs from whom.

/** A value with its interval on the scale that all rows share. */
const whisker = (row, [from, to]) => {
  const x = (value) => 5 + (150 * (value - from)) / (to - from || 1);
  const svg = drawing("svg", { viewBox: "0 0 160 22", "aria-hidden": "true" });
  svg.append(drawing("line", { x1: x(from), x2: x(from), y1: 2, y2: 20, class: "zero" }));
  if (known(row.low)) svg.append(drawing("line", { x1: x(row.low), x2: x(row.high), y1: 11, y2: 11, class: "span" }));
  if (known(row.value)) svg.append(drawing("circle", { cx: x(row.value), cy: 11, r: 4, class: "dot" }));
  return svg;
};

const scaleOf = (rows) => {
  const every = rows.flatMap((row) => [row.value, row.low, row.high]).filter(known);
  if (every.length === 0) return [0, 1];
  const [low, high] = [Math.min(...every), Math.max(...every)];
  return [low > 0.6 * high ? low - 0.1 * (high - low || high) : Math.min(0, low), high];
};

/** Rows of the ranking: measured methods, then what papers print. */
const standingsOf = (view) => {
  const { section, protocol, figure } = view;
  const rows = section.entries
    .map((entry, m) => ({ entry, m, value: figure.overall[m], low: figure.low && figure.low[m], high: figure.high && figure.high[m],
      rank: figure.rank[m], p: figure.p && figure.p[m], scenes: figure.scenes[m] }))
    .filter((row) => passes(view.methods, row.entry.label));
  const others = view.published
    ? section.published.filter((one) => passes(view.methods, one.method) && (one.figures[protocol.name] || {})[figure.name] !== undefined)
    : [];
  return { rows, published: others.map((one) => ({ published: one, value: one.figures[protocol.name][figure.name] })) };
};

const headline = (protocol) => protocol.figures.find((figure) => figure.name === protocol.headline);

function drawRanking(view) {
  const { section, protocol, figure } = view;
  const { rows, published } = standingsOf(view);
  // Figures of this protocol that belong beside the chosen one, then what the other protocols rank by.
  const own = protocol.shown.length > 1 ? protocol.shown.filter((name) => name !== figure.name) : [];
  const others = [
    ...own.map((name) => ({ protocol, figure: protocol.figures.find((one) => one.name === name) })),
    ...section.protocols.filter((other) => other !== protocol).map((other) => ({ protocol: other, figure: headline(other) })),
  ];
  const scale = scaleOf([...rows, ...published]);
  const spent = Object.values(COSTS).filter((cost) => section.entries.some((entry) => known(cost.of(entry))));
  const unit = figure.unit ? ` ${figure.unit}` : "";
  const columns = [
    { title: "#" }, { title: "method", class: "name" },
    { title: `${breaking(protocol.name)} ${figure.name}${unit}`, class: "chosen", high: figure.better_high, hint: "over all scenes, with its 95 % interval" },
    { title: "", fixed: true }, { title: "p", hint: "that it is as good as the best, over scenes" },
    ...others.map(({ protocol: { name }, figure: one }) => ({ class: "other", title: `${breaking(name)} ${one.name}${one.unit ? ` ${one.unit}` : ""}`, high: one.better_high })),
    { title: "density %", high: true }, ...spent,
  ];
  const measured = rows.map((row) => {
    const { entry, m } = row;
    const rest = others.map((other) => other.figure.overall[m]);
    const costs = spent.map((cost) => cost.of(entry));
    const density = known(entry.density) ? 100 * entry.density : null;
    const failed = entry.done === 0 && !known(row.value); // a protocol may count failures
    return {
      kind: failed ? "gone" : row.rank === null ? "incomplete" : null,
      after: failed ? 2 : row.rank === null ? 1 : 0,
      values: [row.rank, entry.label, row.value, null, row.p, ...rest, density, ...costs],
      cells: () => [
        element("td", { class: row.rank === 1 ? "rank first" : "rank" }, row.rank === null ? "–" : String(row.rank)),
        element("th", { scope: "row", title: entry.told }, entry.told, entry.backend ? element("small", {}, entry.backend) : null),
        ...(failed
          ? [element("td", { class: "failed", colspan: columns.length - 2 }, section.reasons[entry.label] || "failed on every scene")]
          : [
            element("td", { class: row.rank === 1 ? "best" : null }, printed(row.value, figure.digits),
              element("span", { class: "range" }, known(row.low) ? `${printed(row.low, figure.digits)} … ${printed(row.high, figure.digits)}` : "")),
            element("td", { class: "whisker" }, whisker(row, scale)),
            element("td", { class: known(row.p) ? null : "p-none" }, row.rank === 1 && !known(row.p) ? "best" : asP(row.p)),
            ...rest.map((value, k) => element("td", {}, printed(value, others[k].figure.digits))),
            element("td", {}, printed(density, 1)),
            ...costs.map((value, k) => element("td", {}, printed(value, spent[k].digits))),
          ]),
      ],
    };
  });
  const told = published.map(({ published: one, value }, index) => ({
    kind: index === 0 ? "published lead" : "published",
    after: 3 + index,
    values: [],
    cells: () => [
      element("td", { class: "rank" }, ""),
      element("th", { scope: "row", title: one.source }, one.method, element("small", {}, `published, ${one.split}`)),
      element("td", {}, printed(value, figure.digits), element("span", { class: "range" }, "")),
      element("td", { class: "whisker" }, whisker({ value }, scale)),
      element("td", {}, ""),
      ...others.map((other) => element("td", {}, printed((one.figures[other.protocol.name] || {})[other.figure.name], other.figure.digits))),
      element("td", { colspan: 1 + spent.length, class: "name note", title: one.note || null }, one.note || ""),
    ],
  }));
  view.ranking = new Sorted(document.getElementById("ranking"), columns, [...measured, ...told], { column: 2, descending: figure.better_high });
}

function drawAll(view) {
  const { section, protocol } = view;
  const columns = [{ title: "method", class: "name" }, ...protocol.figures.map((f) => ({ title: f.unit ? `${f.name} ${f.unit}` : f.name, high: f.better_high }))];
  const rows = section.entries.filter((entry) => passes(view.methods, entry.label)).map((entry) => {
    const m = section.entries.indexOf(entry);
    const values = protocol.figures.map((f) => f.overall[m]);
    const hint = (f) => (f.low && known(f.low[m]) ? `${printed(f.low[m], f.digits)} … ${printed(f.high[m], f.digits)}` : null);
    return {
      values: [entry.label, ...values],
      cells: () => [
        element("th", { scope: "row" }, entry.told),
        ...protocol.figures.map((f, k) => element("td", { title: hint(f), class: f.rank[m] === 1 ? "best" : null }, printed(values[k], f.digits))),
      ],
    };
  });
  new Sorted(document.getElementById("all"), columns, rows);
}

/** Figures scene by scene: a darker cell is farther from the scene's best. */
function drawScenes(view) {
  const { section, figure, scenes } = view;
  const box = document.getElementById("scenes-box");
  box.hidden = !figure.values;
  if (!figure.values) return;
  const values = floats(figure.values);
  const count = section.samples.length;
  const shown = section.entries.map((entry, m) => ({ entry, m })).filter(({ entry }) => passes(view.methods, entry.label));
  shown.sort((a, b) => (figure.rank[a.m] ?? 1e9) - (figure.rank[b.m] ?? 1e9));
  const columns = [{ title: "scene", class: "name" }, ...shown.map(({ entry }) => ({ title: breaking(entry.label), high: figure.better_high }))];
  const rows = section.samples.map((sample, s) => ({ sample, s })).filter(({ sample }) => passes(scenes, sample)).map(({ sample, s }) => {
    const own = shown.map(({ m }) => values[m * count + s]);
    const finite = own.filter(known);
    const [low, high] = [Math.min(...finite), Math.max(...finite)];
    const best = figure.better_high ? high : low;
    return {
      values: [sample, ...own],
      cells: () => [
        element("th", { scope: "row" }, sample),
        ...own.map((value, k) => {
          const far = known(value) && high > low ? Math.sqrt(Math.abs(value - best) / (high - low)) : 0;
          const picture = view.pictureOf(sample, shown[k].entry.label);
          const classes = [known(value) && value === best && finite.length > 1 ? "best" : "", picture ? "shown" : ""].join(" ").trim();
          const cell = element("td", { class: classes || null, style: far ? `background: color-mix(in srgb, var(--bad) ${Math.round(26 * far)}%, transparent)` : null }, printed(value, figure.digits));
          if (picture) cell.addEventListener("click", () => view.togglePicture(cell, sample, shown[k].entry, value));
          return cell;
        }),
      ],
    };
  });
  view.byScene = new Sorted(document.getElementById("by-scene"), columns, rows, { limit: 200 });
  const kept = section.pictures && section.pictures.note ? ` ${section.pictures.note}` : "";
  document.getElementById("scenes-fine").textContent = `${rows.length} scenes. Red grows with the distance from the scene's best method.${kept}`;
}

function drawTests(view) {
  const { section, protocol, figure } = view;
  const box = document.getElementById("tests-box");
  const tests = figure.name === protocol.headline ? protocol.tests : null;
  box.hidden = !tests;
  if (!tests) return;
  const shown = section.entries.map((entry, m) => ({ entry, m })).filter(({ entry, m }) => passes(view.methods, entry.label) && known(figure.overall[m]));
  shown.sort((a, b) => (figure.rank[a.m] ?? 1e9) - (figure.rank[b.m] ?? 1e9));
  const head = element("tr", {}, element("th", {}), ...shown.map((_, k) => element("th", { title: shown[k].entry.label }, String(k + 1))));
  const rows = shown.map(({ entry, m }, k) => element("tr", {}, element("th", { scope: "row", title: entry.label }, `${k + 1} ${entry.label}`),
    ...shown.map((other) => {
      if (other.m === m) return element("td", { class: "self" });
      const p = tests[m][other.m];
      const better = figure.better_high ? figure.overall[m] > figure.overall[other.m] : figure.overall[m] < figure.overall[other.m];
      const sure = known(p) && p < 0.05;
      const mark = sure ? (better ? "▲" : "▼") : "·";
      return element("td", { class: sure ? (better ? "up" : "down") : null, title: `${entry.label} and ${other.entry.label}: p ${asP(p)}` }, mark);
    })));
  document.getElementById("tests").replaceChildren(element("table", { class: "matrix" }, element("thead", {}, head), element("tbody", {}, ...rows)));
}
