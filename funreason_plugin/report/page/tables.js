// Tables, and any JSON value as tables: what another program wrote is shown whatever its form.

// columns: [{ title, number }], rows: lists of texts, numbers or elements
function table(columns, rows, { caption = "", kind = "" } = {}) {
  const head = columns.map((column) => h("th", { scope: "col", class: column.number && "number" }, column.title));
  const body = rows.map((row) =>
    h(
      "tr",
      {},
      row.map((cell, place) =>
        h("td", { class: columns[place]?.number && "number" }, typeof cell === "number" ? count(cell) : cell),
      ),
    ),
  );
  return h(
    "div",
    { class: `scroller ${kind}`, tabindex: "0", role: "region", "aria-label": caption || "Table" },
    h("table", {}, caption && h("caption", {}, caption), columns.some((column) => column.title) && h("thead", {}, h("tr", {}, head)), h("tbody", {}, body)),
  );
}

const MOST_ROWS = 200;
const DEEPEST = 6;

function titleOf(key) {
  const text = String(key).replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function plainText(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "object" && !Object.keys(value).length) return "none";
  if (typeof value === "number") return Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(5)));
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isPlain(value) {
  if (isObject(value) && !Object.keys(value).length) return true;
  return !isObject(value) && !(Array.isArray(value) && value.some((item) => typeof item === "object" && item !== null));
}

function asTables(value, depth = 0) {
  if (Array.isArray(value) && value.length && value.every(isObject)) return tableOfObjects(value);
  if (!isObject(value) || depth > DEEPEST) return [h("p", {}, plainText(value))];
  const entries = Object.entries(value);
  const plain = entries.filter(([, entry]) => isPlain(entry));
  const rest = entries.filter(([, entry]) => !isPlain(entry));
  const parts = [];
  if (plain.length) {
    const numeric = plain.every(([, entry]) => typeof entry === "number");
    const rows = plain.slice(0, MOST_ROWS).map(([key, entry]) => [key, plainText(entry)]);
    parts.push(table([{ title: "" }, { title: "", number: numeric }], rows, { kind: "pairs" }));
  }
  for (const [key, entry] of rest) parts.push(h(depth ? "h5" : "h4", {}, titleOf(key)), ...asTables(entry, depth + 1));
  return parts;
}

function tableOfObjects(rows) {
  const keys = [...new Set(rows.slice(0, MOST_ROWS).flatMap((row) => Object.keys(row)))];
  const cells = rows.slice(0, MOST_ROWS).map((row) => keys.map((key) => plainText(row[key])));
  const made = [table(keys.map((key) => ({ title: titleOf(key), number: typeof rows[0][key] === "number" })), cells)];
  if (rows.length > MOST_ROWS) made.push(h("p", { class: "dim" }, `… and ${many(rows.length - MOST_ROWS, "more row")}`));
  return made;
}
