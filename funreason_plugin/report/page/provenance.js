// Where each argument comes from: an arrow from the words of a query, or from a field of an output, to the argument.
// Arrows run through the margin on the right; the one of an argument stands out when it is pointed at.

const ORIGINS = { q: "query", e: "earlier", o: "output", d: "default" };
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

// [kind, turn, call, field, choice] as an object; report/columns.py writes the list.
function origin(source, turn) {
  const kind = ORIGINS[source[0]];
  const width = { query: 1, default: 1, earlier: 2, output: 4 }[kind];
  const choice = source[width];
  return {
    kind,
    turn: kind === "query" ? turn : source[1],
    call: source[2],
    field: source[3],
    choice: choice && { list: choice[0], by: choice[1], key: choice[2], value: choice[3] },
  };
}

function originText(from, turn, name) {
  if (from.kind === "query") return "query";
  if (from.kind === "earlier") return `query of turn ${from.turn + 1}`;
  if (from.kind === "default") return "default";
  const where = from.turn === turn ? "" : `turn ${from.turn + 1}, `;
  return `${where}call ${from.call + 1}${name ? ` ${name}` : ""}`;
}

function choiceText({ list, by, key, value }) {
  if (by === "only") return `the only record of ${list || "the list"}`;
  if (by === "equals") return `the record of ${list} whose ${key} is ${JSON.stringify(value)}`;
  return `the record of ${list} with the ${by === "min" ? "smallest" : "largest"} ${key}`;
}

// How a person may have written a value in a query.
function spellings(value) {
  if (typeof value === "number") {
    const grouped = value.toLocaleString("en", { maximumFractionDigits: 10 });
    return [grouped, value.toFixed(2), value.toLocaleString("en", { minimumFractionDigits: 2 }), String(value)];
  }
  if (typeof value !== "string" || !value) return [];
  const date = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d))?/.exec(value);
  if (!date) return [value, value.replaceAll("_", " ")];
  const [, year, month, day] = date;
  const name = MONTHS[Number(month) - 1] ?? "";
  const plain = Number(day);
  return [value, `${plain} ${name} ${year}`, `${name} ${plain}, ${year}`, `${plain} ${name}`, `${name} ${plain}`, value.slice(0, 10)];
}

// Where a value stands in a text: [start, end] or null.
function spoken(text, value) {
  const lower = text.toLowerCase();
  for (const spelling of spellings(value)) {
    const start = lower.indexOf(spelling.toLowerCase());
    if (start >= 0) return [start, start + spelling.length];
  }
  return null;
}

// A text with the places of some values marked; returns [nodes, Map of place "start" -> mark].
function marked(text, places) {
  const sorted = [...places].sort((one, other) => one.start - other.start || other.end - one.end);
  const nodes = [];
  const marks = new Map();
  let at = 0;
  for (const { start, end, kind } of sorted) {
    if (start < at) continue; // inside of the mark before
    const mark = h("mark", { class: kind }, text.slice(start, end));
    nodes.push(text.slice(at, start), mark);
    marks.set(start, mark);
    at = end;
  }
  nodes.push(text.slice(at));
  return [nodes, marks];
}

class Arrows {
  // `page` is the element that the arrows lie over; it is positioned.
  constructor(page) {
    this.page = page;
    this.links = []; // { kind, from: element, to: element }
    this.layer = drawn("svg", { class: "arrows", "aria-hidden": "true" });
    page.append(this.layer);
    const later = onceAFrame(() => this.draw());
    new ResizeObserver(later).observe(page);
    page.addEventListener("grown", later);
    page.addEventListener("toggle", later, true);
  }

  add(kind, from, to) {
    const link = { kind, from, to, path: drawn("path", { class: `arrow ${kind}` }), head: drawn("path", { class: `head ${kind}` }) };
    this.links.push(link);
    this.layer.append(link.path, link.head);
    const light = (on) => {
      for (const element of [link.path, link.head, from, to]) element.classList.toggle("lit", on);
      this.layer.classList.toggle("choosing", on);
    };
    for (const event of ["mouseenter", "focusin"]) to.addEventListener(event, () => light(true));
    for (const event of ["mouseleave", "focusout"]) to.addEventListener(event, () => light(false));
  }

  draw() {
    if (!this.page.isConnected) return;
    const frame = this.page.getBoundingClientRect();
    const edge = frame.width - 92; // where the margin begins, as in conversation.css
    this.layer.setAttribute("width", frame.width);
    this.layer.setAttribute("height", this.page.scrollHeight);
    const drawnTo = this.links.map((link) => [link, ends(link, frame)]); // all reading before all writing
    for (const [link, found] of drawnTo) {
      const path = found ? route(found, edge) : "";
      link.path.setAttribute("d", path);
      link.head.setAttribute("d", found ? `M${found.x2 + 7},${found.y2 - 4} L${found.x2 + 1},${found.y2} L${found.x2 + 7},${found.y2 + 4}` : "");
    }
  }
}

function ends({ from, to }, frame) {
  const source = visible(from)?.getClientRects()[0];
  const target = visible(to)?.getBoundingClientRect();
  if (!source || !target) return null;
  return {
    x1: from.closest(".bubble, .call").getBoundingClientRect().right - frame.left, // not across the text beside it
    y1: source.top - frame.top + Math.min(source.height / 2, 12),
    x2: target.right - frame.left + 2,
    y2: target.top - frame.top + target.height / 2,
  };
}

function visible(element) {
  return element?.isConnected && element.getClientRects().length ? element : null;
}

// From the source to the margin, through it, and back to the argument.
function route({ x1, y1, x2, y2 }, edge) {
  const depth = Math.min(84, 16 + Math.abs(y2 - y1) * 0.09);
  const start = Math.max(x1, edge);
  return `M${x1},${y1} H${start} C${start + depth},${y1} ${edge + depth},${y2} ${edge},${y2} H${x2 + 3}`;
}
