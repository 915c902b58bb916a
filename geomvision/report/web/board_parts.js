// Pieces that every part of a leaderboard is made of: elements, numbers, tables that sort.

const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
};

const drawing = (tag, attributes = {}, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

const known = (value) => value !== null && value !== undefined && !Number.isNaN(value);
const printed = (value, digits) => (known(value) ? value.toFixed(digits) : "–");
const asP = (p) => (!known(p) ? "–" : p < 0.001 ? "< 0.001" : p.toFixed(3));

/** A name that may break after its parts. */
const breaking = (name) => name.replaceAll("_", "_\u200b").replaceAll("(", "\u200b(");

/** Floats that the page carries as base64. */
const floats = (text) => new Float32Array(Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer);

/** What methods cost: how it is called, printed and taken from an entry. */
const COSTS = {
  seconds: { title: "time ms", digits: 1, of: (entry) => (known(entry.seconds) ? 1000 * entry.seconds : null) },
  memory: { title: "memory MiB", digits: 0, of: (entry) => (known(entry.memory) ? entry.memory / 1048576 : null) },
  parameters: { title: "parameters, M", digits: 2, of: (entry) => (known(entry.parameters) ? entry.parameters / 1e6 : null) },
};

/** A table whose rows are {cells, values, kind, after}; a click on a heading sorts by the column's values. */
class Sorted {
  constructor(table, columns, rows, { column = 0, descending = false, limit = Infinity } = {}) {
    Object.assign(this, { table, columns, rows, column, descending, limit });
    this.draw();
  }

  by(column) {
    const high = Boolean(this.columns[column].high);
    this.descending = this.column === column ? !this.descending : high;
    this.column = column;
    this.draw();
  }

  ordered() {
    const { column, descending } = this;
    const compare = (one, two) => {
      if ((one.after || 0) !== (two.after || 0)) return (one.after || 0) - (two.after || 0);
      const [a, b] = [one.values[column], two.values[column]];
      if (!known(a) || !known(b)) return known(b) - known(a);
      const order = typeof a === "string" ? a.localeCompare(b, undefined, { numeric: true }) : a - b;
      return descending ? -order : order;
    };
    return [...this.rows].sort(compare);
  }

  draw() {
    const heads = this.columns.map((column, index) => {
      const sort = index === this.column ? (this.descending ? "descending" : "ascending") : null;
      const sortable = column.fixed ? "" : " sortable";
      const head = element("th", { scope: "col", class: `${column.class || ""}${sortable}`, title: column.hint || null, "aria-sort": sort }, column.title);
      if (!column.fixed) head.addEventListener("click", () => this.by(index));
      return head;
    });
    const rows = this.ordered();
    const body = element("tbody", {}, ...rows.slice(0, this.limit).map((row) => element("tr", { class: row.kind || null }, ...row.cells())));
    this.table.replaceChildren(element("thead", {}, element("tr", {}, ...heads)), body);
    if (rows.length > this.limit) {
      const more = element("button", { type: "button", onclick: () => { this.limit *= 4; this.draw(); } }, `show more of ${rows.length}`);
      body.append(element("tr", {}, element("td", { colspan: this.columns.length, class: "name" }, more)));
    }
  }
}

/** Whether a text has one of the words of a filter; an empty filter takes all. */
const passes = (filter, text) => {
  const words = filter.toLowerCase().split(",").map((word) => word.trim()).filter(Boolean);
  return words.length === 0 || words.some((word) => text.toLowerCase().includes(word));
};
