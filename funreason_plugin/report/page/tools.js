// Tools and edges: the graph with what was chosen in it, and how much of both the kept trajectories use.

const MOST_BARS = 30;

function renderTools(section) {
  const { tools, edges } = overview.graph;
  const panel = h("aside", { class: "card chosen-part", "aria-live": "polite", "aria-label": "Chosen tool or edge" }, h("p", { class: "dim" }, "Click a tool or an edge of the graph: its description, its evidence and the trajectories that use it."));
  const choose = (what) => panel.replaceChildren(...(what.tool ? toolPart(what.tool, choose) : edgePart(what.edge, choose)));
  put(
    section,
    h("div", { class: "hero" }, h("h2", {}, "Tools and graph"), h("p", { class: "dim" }, coverageText())),
    edges.length ? h("div", { class: "grid graph" }, graphChart(choose), panel) : h("p", { class: "note" }, "The folder has no graph.json."),
    toolsChart(),
    h("figure", { class: "card" }, h("figcaption", {}, h("h3", {}, "Tools")), toolsTable(tools, choose, panel)),
    edges.length > 0 && h("figure", { class: "card" }, h("figcaption", {}, h("h3", {}, "Edges that count"), h("p", { class: "dim" }, "Data edges: arguments of kept calls that take this very field. State and declared edges: trajectories with both tools, in this order.")), edgesTable(edges)),
  );
}

function coverageText() {
  const { tools, edges, states } = overview.graph;
  const used = tools.filter((tool) => tool.uses[2]).length;
  const verified = edges.filter((edge) => edge.verified);
  const reached = verified.filter((edge) => edge.used).length;
  const parts = [`${used} of ${many(tools.length, "tool")} are called`];
  if (verified.length) parts.push(`${reached} of ${many(verified.length, "verified edge")} (${percent(reached, verified.length)}) are used`);
  if (states) parts.push(`edges verified in ${states} sampled states`);
  return parts.join(" · ");
}

function toolsChart() {
  const sorted = [...overview.graph.tools].sort((one, other) => other.uses[2] - one.uses[2]).slice(0, MOST_BARS);
  const names = sorted.map((tool) => tool.name);
  return chart(
    "Trajectories that call each tool",
    () => barsAcross(names, [{ name: "trajectories", colours: sorted.map((tool) => environmentColour(tool.environment)), values: sorted.map((tool) => tool.uses[2]), labels: sorted.map((tool) => percent(tool.uses[2], overview.kept)) }]),
    { height: 20 * names.length + 40, note: overview.graph.tools.length > MOST_BARS ? `The ${MOST_BARS} most called; all are in the table.` : "" },
  );
}

function toolsTable(tools, choose, panel) {
  const rows = tools.map((tool) => [
    h("span", { class: "cell" }, environmentDot(tool.environment), button(h("code", {}, tool.name), () => {
      choose({ tool });
      panel.scrollIntoView({ block: "nearest" });
    }, { class: "link" })),
    tool.environment,
    tool.writes ? "writes" : "reads",
    tool.uses[4],
    tool.uses[2],
    tool.uses[0],
    tool.uses[3],
    tool.uses[1],
    tool.slow ? badge("over its time limit", "bad") : tool.worked === 0 ? badge("never succeeded", "bad") : tool.uses[2] ? "" : badge("not used", "warn"),
  ]);
  return table(
    [{ title: "Tool" }, { title: "Environment" }, { title: "" }, { title: "Offered", number: true }, { title: "Trajectories", number: true }, { title: "Calls", number: true }, { title: "Target", number: true }, { title: "Errors", number: true }, { title: "" }],
    rows,
    { caption: "", kind: "tall" },
  );
}

function edgesTable(edges) {
  const counted = edges.filter((edge) => edge.verified).sort((one, other) => other.used - one.used);
  return table(
    [{ title: "From" }, { title: "To" }, { title: "Kind" }, { title: "Used", number: true }, { title: "Evidence" }],
    counted.map((edge) => [
      h("span", {}, h("code", {}, edge.provider), edge.output && h("span", { class: "dim" }, ` ${edge.output}`)),
      h("span", {}, h("code", {}, edge.consumer), edge.param && h("span", { class: "dim" }, ` ${edge.param}`)),
      edge.kind,
      edge.used,
      evidence(edge),
    ]),
    { kind: "tall" },
  );
}

function toolPart(tool, choose) {
  const spec = index?.tables.tools.find((one) => one.function?.name === tool.name)?.function;
  const into = overview.graph.edges.filter((edge) => edge.verified && edge.consumer === tool.name);
  const out = overview.graph.edges.filter((edge) => edge.verified && edge.provider === tool.name);
  const properties = Object.entries(spec?.parameters?.properties ?? {});
  return [
    h("h3", {}, environmentDot(tool.environment), h("code", {}, tool.name)),
    h("p", {}, spec?.description ?? ""),
    properties.length > 0 &&
      h("dl", {}, properties.map(([name, schema]) => [h("dt", {}, h("code", {}, name), spec.parameters.required?.includes(name) ? "" : h("span", { class: "dim" }, " optional")), h("dd", {}, schema?.description ?? "")])),
    h("p", { class: "dim" }, `${many(tool.uses[0], "call")} in ${many(tool.uses[2], "trajectory", "trajectories")}, ${many(tool.uses[1], "error")}${tool.worked === null ? "" : `; worked in ${tool.worked ?? 0} of ${overview.graph.states} sampled states`}`),
    tool.uses[2] > 0 && button("Read these trajectories", () => readFiltered({ tool: tool.name }), { class: "primary" }),
    edgeList("Needs", into, (edge) => edge.provider, choose),
    edgeList("Feeds", out, (edge) => edge.consumer, choose),
  ].filter(Boolean);
}

function edgeList(title, edges, other, choose) {
  if (!edges.length) return null;
  const rows = edges.map((edge) => h("li", {}, button(h("code", {}, other(edge)), () => choose({ edge }), { class: "link" }), h("span", { class: "dim" }, edge.kind === "data" ? ` ${edge.output} → ${edge.param}` : ` ${edge.kind}`)));
  return h("div", {}, h("h4", {}, title), h("ul", { class: "edges" }, rows));
}

function edgePart(edge, choose) {
  const tool = (name) => overview.graph.tools.find((one) => one.name === name);
  return [
    h("h3", {}, `${titleOf(edge.kind)} edge`),
    h("p", {}, button(h("code", {}, edge.provider), () => choose({ tool: tool(edge.provider) }), { class: "link" }), " → ", button(h("code", {}, edge.consumer), () => choose({ tool: tool(edge.consumer) }), { class: "link" })),
    edge.kind === "data" && h("p", {}, "The output's ", h("code", {}, edge.output || "value"), " fills ", h("code", {}, edge.param), "."),
    h("p", { class: "dim" }, evidence(edge)),
    h("p", {}, `Used ${many(edge.used, "time")} in the kept trajectories.`),
  ].filter(Boolean);
}
