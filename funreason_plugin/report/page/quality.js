// Quality: what quality.json says of duplicates, contamination and labels, in whatever form it says it; and how it was made.

const QUALITY_TITLES = {
  duplicates: ["Duplicates", "Trajectories that repeat each other, exactly, nearly or in their structure."],
  contamination: ["Contamination", "What overlaps with benchmarks and with the files that were named."],
  labels: ["Labels", "In-domain data, and what else was marked."],
};

function renderQuality(section) {
  const { quality, run } = overview;
  const known = Object.keys(QUALITY_TITLES).filter((key) => quality[key] !== undefined);
  const others = Object.keys(quality).filter((key) => !(key in QUALITY_TITLES) && typeof quality[key] === "object");
  put(
    section,
    h("div", { class: "hero" }, h("h2", {}, "Quality"), h("p", { class: "dim" }, replayText())),
    h("div", { class: "columns" }, [...known, ...others].map((key) => qualityCard(key, quality[key]))),
    known.length + others.length === 0 && h("p", { class: "note" }, "The folder has no quality.json: duplicates and contamination were not looked for."),
    h(
      "div",
      { class: "columns" },
      h("figure", { class: "card" }, h("figcaption", {}, h("h3", {}, "Settings")), asTables(settingsGiven(run.config))),
      h("figure", { class: "card" }, h("figcaption", {}, h("h3", {}, "Versions and sizes")), asTables({ ...run.versions, ...Object.fromEntries(Object.entries(run.bytes).map(([name, bytes]) => [name, size(bytes)])) })),
    ),
  );
}

function replayText() {
  const parts = [`${count(overview.replayed)} of ${many(overview.kept, "trajectory", "trajectories")} were replayed for this report: the state after every turn is the stored one.`];
  if (overview.not_replaying) parts.push(`${count(overview.not_replaying)} did not replay with the environments that are installed.`);
  return parts.join(" ");
}

function qualityCard(key, value) {
  const [title, text] = QUALITY_TITLES[key] ?? [titleOf(key), ""];
  return h("figure", { class: "card" }, h("figcaption", {}, h("h3", {}, title), text && h("p", { class: "dim" }, text)), asTables(value));
}

function settingsGiven(config) {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null && value !== "" && !(isObject(value) && !Object.keys(value).length) && !(Array.isArray(value) && !value.length)));
}
