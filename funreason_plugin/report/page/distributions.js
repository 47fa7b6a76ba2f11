// What the conversations are like: distributions, beside those of a reference where the folder has one.
//
// `reference` is what report/reference.py makes: name, source, sets, distributions { turns: { "3": 40, … } }, means, shape,
// distances, wasserstein, overall; without one it is empty. Its bars use the same values as ours; for lengths, where a bar
// begins.

function renderShape(section) {
  const { reference, distributions } = overview;
  put(
    section,
    h("div", { class: "hero" }, h("h2", {}, "Distributions"), h("p", { class: "dim" }, reference.source ? `Beside ${reference.source}` : "Of the kept trajectories")),
    h("div", { class: "grid two" }, shapeTable(), distancesCard()),
    h("div", { class: "grid two" }, distributions.filter((one) => one.rows.length).map(distributionChart)),
    h("div", { class: "grid two" }, sharesCard("Variants, by trajectory", overview.variants, overview.run.config.variants), sharesCard("Labels, by trajectory", overview.labels), sharesCard("Splits", overview.splits), sharesCard("Where arguments come from", sourcesNamed())),
  );
}

function sourcesNamed() {
  const names = { query: "the query", earlier_query: "an earlier query", output: "an output", default: "a default" };
  return Object.fromEntries(Object.entries(overview.sources).map(([name, times]) => [names[name] ?? name, times]));
}

function shapeTable() {
  const theirs = overview.reference.shape ?? {};
  const shown = (value, unit) => (typeof value !== "number" ? "–" : unit === "%" ? percent(value) : value.toFixed(2));
  const columns = [{ title: "" }, { title: "Here", number: true }];
  const named = Object.keys(theirs).length > 0;
  if (named) columns.push({ title: overview.reference.name ?? "Reference", number: true });
  const rows = overview.shape.map((row) => [row.title, shown(row.value, row.unit), ...(named ? [shown(theirs[row.name], row.unit)] : [])]);
  return h("figure", { class: "card" }, h("figcaption", {}, h("h3", {}, "In single numbers")), table(columns, rows, { kind: "pairs" }));
}

function distancesCard() {
  const { distances, wasserstein, means, overall, name, sets } = overview.reference;
  if (!isObject(distances)) return null;
  const known = new Map(overview.distributions.map((one) => [one.name, one]));
  const shown = (value) => (typeof value === "number" ? value.toFixed(2) : "–");
  const rows = Object.entries(distances).map(([key, distance]) => {
    const [here, there] = means?.[key] ?? [];
    return [known.get(key)?.title ?? "What gives arguments their values", shown(here), shown(there), shown(wasserstein?.[key]), distance.toFixed(3)];
  });
  rows.push(["All together (mean)", "", "", "", overall.toFixed(3)]);
  const columns = [{ title: "" }, { title: "Mean here", number: true }, { title: `Mean in ${name}`, number: true }, { title: "Wasserstein-1", number: true }, { title: "Total variation", number: true }];
  const note = sets?.length ? `The run took from it: ${sets.map((one) => one.replaceAll("_", " ")).join(", ")}. ` : "";
  return h("figure", { class: "card" }, h("figcaption", {}, h("h3", {}, `Distance from ${name}`), h("p", { class: "dim" }, `${note}Total variation is 0 for the same and 1 for nothing in common; Wasserstein-1 is in the unit of the value.`)), table(columns, rows, { kind: "pairs" }));
}

function distributionChart(one) {
  const theirs = overview.reference.distributions?.[one.name];
  const reference = new Map(isObject(theirs) ? Object.entries(theirs).filter(([, times]) => typeof times === "number").map(([value, times]) => [Number(value), times]) : []);
  const ours = new Map(one.rows);
  const values = valuesBetween([...ours.keys(), ...reference.keys()], one.width);
  const sum = (map) => [...map.values()].reduce((total, times) => total + times, 0) || 1;
  const share = (map) => values.map((value) => Number(((100 * (map.get(value) ?? 0)) / sum(map)).toFixed(3)));
  const names = values.map((value) => String(value));
  const series = () => {
    const made = [{ name: "here", colour: "accent", values: share(ours), counts: values.map((value) => ours.get(value) ?? 0) }];
    if (reference.size) made.push({ name: overview.reference.name ?? "reference", colour: "c3", values: share(reference) });
    return made;
  };
  const distance = overview.reference.distances?.[one.name];
  return chart(one.title, () => barsUp(names, series(), one.unit), {
    height: 230,
    note: typeof distance === "number" ? `Distance from ${overview.reference.name}: ${distance.toFixed(3)}` : "",
    numbersOf: () => [
      [{ title: titleOf(one.unit) }, { title: "Here", number: true }, { title: "Share", number: true }, ...(reference.size ? [{ title: "Reference", number: true }] : [])],
      values.map((value, place) => [String(value), ours.get(value) ?? 0, percent(share(ours)[place], 100), ...(reference.size ? [percent(share(reference)[place], 100)] : [])]),
    ],
  });
}

// All values from the smallest to the largest, so that gaps are seen; at most 60.
function valuesBetween(found, width) {
  const sorted = [...new Set(found)].sort((one, other) => one - other);
  const [first, last] = [sorted[0], sorted[sorted.length - 1]];
  if ((last - first) / width > 60) return sorted;
  return Array.from({ length: Math.floor((last - first) / width) + 1 }, (_, place) => first + place * width);
}

function sharesCard(title, counts, asked) {
  const entries = Object.entries(counts ?? {});
  if (!entries.length) return null;
  const total = entries.reduce((sum, [, times]) => sum + times, 0);
  const wanted = isObject(asked) ? asked : {};
  const columns = [{ title: "" }, { title: "Count", number: true }, { title: "Share", number: true }];
  const withAsked = Object.keys(wanted).length > 0;
  if (withAsked) columns.push({ title: "Asked for", number: true });
  const rows = entries.map(([name, times]) => [name, times, percent(times, total), ...(withAsked ? [typeof wanted[name] === "number" ? percent(wanted[name]) : "–"] : [])]);
  return h("figure", { class: "card" }, h("figcaption", {}, h("h3", {}, title)), table(columns, rows));
}
