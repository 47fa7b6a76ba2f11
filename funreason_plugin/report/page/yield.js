// The yield: what was kept, where turns were lost and why, how many attempts it took, what it cost.

const PHASE_NAMES = {
  sampling: "I · chain of calls",
  advanced_tool: "II · advanced tool",
  query: "II · hard query",
  chain: "III · solved",
  trajectory: "whole trajectory",
};
const PHASE_COLOURS = { sampling: "c1", advanced_tool: "c5", query: "c4", chain: "c3", trajectory: "c7" };

function phaseName(phase) {
  return PHASE_NAMES[phase] ?? phase;
}

function renderYield(section) {
  const { run, funnel } = overview;
  put(
    section,
    h("div", { class: "hero" }, h("h1", {}, headline()), h("p", { class: "dim" }, subline())),
    h("div", { class: "tiles" }, tiles()),
    run.complete === false &&
      h("p", { class: "note warn" }, `This run is not complete${run.stopped ? `: ${run.stopped}` : ""}. The report shows what there is.`),
    h("div", { class: "grid two" }, funnelChart(), reasonsChart()),
    h("div", { class: "grid two" }, attemptsChart(), tokensChart()),
    costTable(),
    funnel.reasons.length > 0 && reasonsList(),
  );
}

function headline() {
  return `${many(overview.kept, "verified trajectory", "verified trajectories")}`;
}

function subline() {
  const environments = (overview.run.config.env ?? environmentNames).map(String).join(", ");
  const teachers = Object.keys(overview.teachers).join(", ");
  return [environments, teachers && `teacher ${teachers}`, overview.run.seconds && `made in ${duration(overview.run.seconds)}`]
    .filter(Boolean)
    .join(" · ");
}

function tile(value, label, title) {
  return h("div", { class: "tile", title }, h("strong", {}, value), h("span", {}, label));
}

function tiles() {
  const used = overview.graph.tools.filter((tool) => tool.uses[2] > 0).length;
  const edges = overview.graph.edges.filter((edge) => edge.verified && edge.kind === "data");
  const made = [
    tile(percent(overview.kept, overview.made), "of attempts kept", `${count(overview.kept)} of ${count(overview.made)} trajectories made`),
    tile(count(overview.turns), "turns"),
    tile(count(overview.calls), "tool calls"),
    tile(`${used} / ${overview.graph.tools.length}`, "tools in use"),
  ];
  if (edges.length) made.push(tile(`${edges.filter((edge) => edge.used).length} / ${edges.length}`, "data edges in use"));
  const total = overview.cost.total;
  if (overview.cost.paid && total) {
    made.push(tile(compact(total.input_tokens + total.output_tokens), "tokens"));
    if (total.cost !== null) made.push(tile(`${total.cost.toFixed(2)} ${overview.cost.currency}`, "spent"));
  }
  return made;
}

function funnelChart() {
  const phases = overview.funnel.phases;
  const names = phases.map((row) => phaseName(row.name));
  return chart(
    "How far turns get",
    () =>
      barsAcross(
        names,
        [
          { name: "passed", colour: "accent", values: phases.map((row) => row.passed) },
          {
            name: "rejected",
            colour: "bad",
            values: phases.map((row) => row.reached - row.passed),
            labels: phases.map((row) => `${percent(row.passed, row.reached)} pass`),
          },
        ],
        { stack: true, legend: true },
      ),
    {
      height: 280,
      note: "Turns that reach each phase, a turn tried twice counting twice; the last bar counts trajectories.",
      numbersOf: () => [
        [{ title: "Phase" }, { title: "Reached", number: true }, { title: "Passed", number: true }, { title: "Rate", number: true }, { title: "What is judged" }],
        phases.map((row) => [phaseName(row.name), row.reached, row.passed, percent(row.passed, row.reached), row.what]),
      ],
    },
  );
}

function reasonsChart() {
  const reasons = overview.funnel.reasons.slice(0, 10);
  if (!reasons.length) {
    return h("figure", { class: "card empty" }, h("figcaption", {}, h("h3", {}, "Why turns were rejected")), h("p", { class: "dim" }, "Nothing was rejected."));
  }
  const total = overview.funnel.rejected;
  return chart(
    "Why turns were rejected",
    () =>
      barsAcross(
        reasons.map((row) => row.code.replaceAll("_", " ")),
        [
          {
            name: "rejections",
            colours: reasons.map((row) => PHASE_COLOURS[row.phase] ?? "c8"),
            values: reasons.map((row) => row.count),
            labels: reasons.map((row) => percent(row.count, total)),
          },
        ],
      ),
    {
      height: Math.max(110, 25 * reasons.length + 40),
      note: `${many(total, "rejection")}; colours are phases. Rules, examples and advice are below.`,
      numbersOf: () => [
        [{ title: "Reason" }, { title: "Phase" }, { title: "Rejections", number: true }],
        reasons.map((row) => [row.code, phaseName(row.phase), row.count]),
      ],
    },
  );
}

function attemptsChart() {
  const rows = overview.attempts;
  const total = rows.reduce((sum, [, times]) => sum + times, 0);
  return chart(
    "Attempts until a turn passes",
    () =>
      barsUp(
        rows.map(([attempt]) => String(attempt)),
        [{ name: "turns", colour: "accent", values: rows.map(([, times]) => (100 * times) / total), counts: rows.map(([, times]) => times) }],
        "attempts of the reasoning agent",
      ),
    {
      note: slotsNote(),
      numbersOf: () => [
        [{ title: "Attempts" }, { title: "Turns", number: true }, { title: "Share", number: true }],
        rows.map(([attempt, times]) => [String(attempt), times, percent(times, total)]),
      ],
    },
  );
}

function slotsNote() {
  const first = overview.slots.find(([made]) => made === 1)?.[1] ?? 0;
  return `Kept turns only. ${percent(first, overview.kept)} of the trajectories were kept the first time they were made.`;
}

function tokensChart() {
  const agents = Object.entries(overview.cost.agents ?? {});
  if (!agents.length) {
    return h("figure", { class: "card empty" }, h("figcaption", {}, h("h3", {}, "Tokens by agent")), h("p", { class: "dim" }, "The folder does not say."));
  }
  return chart(
    "Tokens by agent",
    () =>
      barsAcross(
        agents.map(([name]) => name),
        [
          { name: "input", colour: "c5", values: agents.map(([, row]) => row.input_tokens) },
          { name: "output", colour: "c3", values: agents.map(([, row]) => row.output_tokens), labels: agents.map(([, row]) => compact(row.input_tokens + row.output_tokens)) },
        ],
        { stack: true, legend: true },
      ),
    { note: overview.cost.paid ? "As the servers counted them, rejected attempts included." : "Estimated from text: no model was asked." },
  );
}

function costTable() {
  const agents = Object.entries(overview.cost.agents ?? {});
  if (!agents.length) return null;
  const { paid, currency, total } = overview.cost;
  const columns = ["Agent", paid && "Model", "Requests", paid && "Failed", "Input tokens", paid && "of these cached", "Output tokens", paid && "Seconds p50 / p90", paid && "Cost"];
  const row = (name, entry) =>
    [
      name,
      paid && Object.keys(entry.models ?? {}).join(", "),
      entry.requests,
      paid && entry.failed,
      entry.input_tokens,
      paid && entry.cached_tokens,
      entry.output_tokens,
      paid && `${entry.seconds?.p50 ?? "–"} / ${entry.seconds?.p90 ?? "–"}`,
      paid && (entry.cost === null || entry.cost === undefined ? "no price" : `${entry.cost.toFixed(4)} ${currency}`),
    ].filter((cell) => cell !== false);
  const rows = agents.map(([name, entry]) => row(name, entry));
  if (paid && total) rows.push(row(h("strong", {}, "all"), total));
  const perKept = overview.cost.tokens_per_kept;
  return h(
    "figure",
    { class: "card" },
    h(
      "figcaption",
      {},
      h("h3", {}, "Cost by agent"),
      h("p", { class: "dim" }, paid && perKept ? `${count(perKept)} tokens for each kept trajectory, those of rejected attempts included.` : "Requests to the four agents."),
    ),
    table(
      columns.filter(Boolean).map((title) => ({ title, number: !["Agent", "Model"].includes(title) })),
      rows,
      { caption: "" },
    ),
  );
}

function reasonsList() {
  const total = overview.funnel.rejected;
  const entries = overview.funnel.reasons.map((row) =>
    fold(
      h("span", { class: "reason" }, h("code", {}, row.code), h("span", { class: "dim" }, `${phaseName(row.phase)} · ${many(row.count, "time")} · ${percent(row.count, total)}`)),
      () =>
        h(
          "dl",
          {},
          row.meaning && [h("dt", {}, "Rule"), h("dd", {}, row.meaning)],
          h("dt", {}, "Example"),
          h("dd", { class: "mono" }, row.example),
          h("dt", {}, "What to change"),
          h("dd", {}, row.advice),
        ),
    ),
  );
  return h("figure", { class: "card" }, h("figcaption", {}, h("h3", {}, "Reasons, with an example and what to change")), entries);
}
