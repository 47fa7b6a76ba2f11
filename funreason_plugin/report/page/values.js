// A JSON value as lines of text. Every leaf knows its path, so that an arrow can start there; a long value shows its first
// lines, and those that something came from.

const FIRST_LINES = 12;
const ONE_LINE = 96; // characters of an object or list that is written in one line, wrapped where it has to be
const ONE_RECORD = 260; // the same for one that holds only short others
const SHORT = 80

// Returns { element, leaf(path), reveal(path) }; `needed` are the paths that have to be seen.
function valueView(value, needed = new Set()) {
  const lines = [...linesOf(value, "", null, 0, false)];
  const leaves = new Map();
  const element = h("div", { class: "json" });
  for (const line of lines) {
    line.element = h("div", { class: "code", style: { "padding-left": `${(line.depth + 1) * 1.1}em` } }, line.parts);
    for (const [path, leaf] of line.leaves) leaves.set(path, leaf);
  }
  const important = (line) => line.leaves.some(([path]) => needed.has(path));
  const folded = lines.length > FIRST_LINES + 3;
  let hidden = 0;
  lines.forEach((line, number) => {
    if (folded && number >= FIRST_LINES && !important(line)) {
      line.element.hidden = true;
      hidden += 1;
    }
    element.append(line.element);
  });
  if (hidden) {
    const more = button(`Show ${many(hidden, "more line")}`, () => open(), { class: "more" });
    const open = () => {
      lines.forEach((line) => (line.element.hidden = false));
      more.remove();
      element.dispatchEvent(new CustomEvent("grown", { bubbles: true }));
    };
    element.reveal = open;
    element.append(more);
  }
  return {
    element,
    leaf(path) {
      return leaves.get(path) ?? firstBelow(leaves, path);
    },
  };
}

function firstBelow(leaves, path) {
  for (const [key, leaf] of leaves) if (key.startsWith(`${path}.`) || key.startsWith(`${path}[`)) return leaf;
  return null;
}

function* linesOf(value, path, key, depth, comma) {
  const name = key === null ? [] : [h("span", { class: "key" }, JSON.stringify(key)), ": "];
  const end = comma ? "," : "";
  if (value === null || typeof value !== "object") {
    const leaf = leafOf(value, path);
    yield { depth, parts: [...name, leaf, end], leaves: [[path, leaf]] };
    return;
  }
  const flat = Object.values(value).every((item) => item === null || typeof item !== "object" || JSON.stringify(item).length <= SHORT);
  if (JSON.stringify(value).length + 2 * depth <= (flat && depth ? ONE_RECORD : ONE_LINE)) {
    const leaves = [];
    yield { depth, parts: [...name, inline(value, path, leaves), end], leaves };
    return;
  }
  const list = Array.isArray(value);
  yield { depth, parts: [...name, list ? "[" : "{"], leaves: [] };
  const entries = Object.entries(value);
  for (const [place, [part, item]] of entries.entries()) {
    yield* linesOf(item, below(path, part, list), list ? null : part, depth + 1, place + 1 < entries.length);
  }
  yield { depth, parts: [list ? "]" : "}", end], leaves: [] };
}

function below(path, part, list) {
  if (list) return `${path}[${part}]`;
  return path ? `${path}.${part}` : part;
}

function inline(value, path, leaves) {
  if (value === null || typeof value !== "object") {
    const leaf = leafOf(value, path);
    leaves.push([path, leaf]);
    return leaf;
  }
  const list = Array.isArray(value);
  const parts = Object.entries(value).map(([part, item], place) => [
    place ? ", " : "",
    list ? "" : [h("span", { class: "key" }, JSON.stringify(part)), ": "],
    inline(item, below(path, part, list), leaves),
  ]);
  return [list ? "[" : "{", parts, list ? "]" : "}"];
}

function leafOf(value, path) {
  const kind = value === null ? "null" : typeof value;
  return h("span", { class: `leaf ${kind}`, "data-path": path }, JSON.stringify(value));
}
