// The tool graph as a picture: tools by environment, edges by kind and evidence; it can be dragged, zoomed and clicked.

const EDGE_KINDS = { data: ["solid", "accent"], state: ["dashed", "warn"], declared: ["dotted", "dim"] };
const graphShows = { data: true, state: true, declared: true, unused: true, candidates: false };

function graphChart(onchoose) {
  const { tools, edges } = overview.graph;
  const figure = chart("Tool graph", graphOption, {
    height: 700,
    kind: "wide",
    note: `${many(tools.length, "tool")}, ${many(edges.filter((edge) => edge.verified).length, "verified edge")}. Drag to move, scroll to zoom, click a tool or an edge. Size and width: how often the kept trajectories use it.`,
  });
  figure.entry.ready = (live) => {
    live.on("click", ({ dataType, data }) => onchoose(dataType === "edge" ? { edge: edges[data.number] } : { tool: tools[data.number] }));
  };
  const boxes = [
    ["data", "data edges"],
    ["state", "state edges"],
    ["declared", "declared edges"],
    ["unused", "edges never used"],
    ["candidates", "candidates that did not hold"],
  ].filter(([key]) => key === "unused" || edges.some((edge) => (key === "candidates" ? !edge.verified : edge.kind === key)));
  const form = h(
    "form",
    { class: "switches", "aria-label": "Edges that are drawn" },
    boxes.map(([key, text]) => {
      const change = (event) => {
        graphShows[key] = event.target.checked;
        redraw(figure.entry);
      };
      return h("label", { class: `edge-${key}` }, h("input", { type: "checkbox", checked: graphShows[key], onchange: change }), text);
    }),
    button("+", () => zoom(figure.entry, 1.3), { class: "quiet", "aria-label": "Zoom in" }),
    button("−", () => zoom(figure.entry, 1 / 1.3), { class: "quiet", "aria-label": "Zoom out" }),
    button("Reset view", () => redraw(figure.entry), { class: "quiet" }),
  );
  figure.querySelector("figcaption").append(form);
  return figure;
}

function zoom({ live, canvas }, by) {
  live?.dispatchAction({ type: "graphRoam", seriesIndex: 0, zoom: by, originX: canvas.clientWidth / 2, originY: canvas.clientHeight / 2 });
}

function drawnEdges() {
  return overview.graph.edges
    .map((edge, number) => ({ edge, number }))
    .filter(({ edge }) => graphShows[edge.kind] && (edge.verified || graphShows.candidates) && (edge.used || graphShows.unused));
}

function graphOption() {
  const { tools } = overview.graph;
  const most = Math.max(1, ...tools.map((tool) => tool.uses[0]));
  const mostUsed = Math.max(1, ...overview.graph.edges.map((edge) => edge.used));
  const categories = environmentNames.map((name) => ({ name, itemStyle: { color: colour(environmentColour(name)) } }));
  return {
    ...look(),
    animation: false,
    legend: { data: environmentNames, bottom: 0, icon: "circle", textStyle: { color: colour("text"), fontSize: 12 } },
    series: [
      {
        type: "graph",
        layout: "none", // report/picture.py gives every tool its place
        roam: true,
        draggable: true,
        scaleLimit: { min: 0.3, max: 6 },
        preserveAspect: true,
        left: 40,
        right: 140,
        top: 20,
        bottom: 50,
        categories,
        edgeSymbol: ["none", "arrow"],
        edgeSymbolSize: 6,
        emphasis: { focus: "adjacency", lineStyle: { width: 3, opacity: 1 }, label: { fontWeight: "bold" } },
        blur: { itemStyle: { opacity: 0.15 }, lineStyle: { opacity: 0.05 }, label: { opacity: 0.2 } },
        labelLayout: { hideOverlap: true },
        data: tools.map((tool, number) => graphNode(tool, number, most)),
        links: drawnEdges().map(({ edge, number }) => graphLink(edge, number, mostUsed)),
      },
    ],
    tooltip: { ...look().tooltip, formatter: ({ dataType, data }) => (dataType === "edge" ? edgeHint(data.number) : toolHint(data.number)) },
  };
}

function graphNode(tool, number, most) {
  const place = environmentNames.indexOf(tool.environment);
  return {
    id: String(number),
    number,
    name: tool.name,
    category: place < 0 ? undefined : place,
    x: 1000 * tool.place[0],
    y: 1000 * tool.place[1],
    symbol: tool.writes ? "roundRect" : "circle",
    symbolSize: 9 + 21 * Math.sqrt(tool.uses[0] / most),
    itemStyle: {
      color: tool.uses[0] ? undefined : colour("surface"),
      borderColor: tool.uses[0] ? colour("surface") : colour("dim"),
      borderWidth: 1.5,
    },
    label: { show: true, position: "right", fontSize: 10.5, color: colour("text"), textBorderColor: colour("surface"), textBorderWidth: 2 },
  };
}

function graphLink(edge, number, most) {
  const [type, name] = EDGE_KINDS[edge.kind] ?? EDGE_KINDS.declared;
  const strength = edge.trials ? edge.successes / edge.trials : 1;
  return {
    source: String(overview.graph.tools.findIndex((tool) => tool.name === edge.provider)),
    target: String(overview.graph.tools.findIndex((tool) => tool.name === edge.consumer)),
    number,
    lineStyle: {
      type: edge.verified ? type : [2, 6],
      color: colour(edge.verified ? name : "dim"),
      width: 0.8 + 3.2 * Math.sqrt(edge.used / most),
      opacity: edge.used ? 0.35 + 0.45 * strength : 0.22,
      curveness: 0.12,
    },
  };
}

function toolHint(number) {
  const { name, environment, uses, writes } = overview.graph.tools[number];
  return `${name}\n${environment}${writes ? " · writes" : ""}\n${many(uses[0], "call")} in ${many(uses[2], "trajectory", "trajectories")}`;
}

function edgeHint(number) {
  const edge = overview.graph.edges[number];
  const fields = edge.kind === "data" ? `\n${edge.output || "output"} → ${edge.param}` : "";
  return `${edge.provider} → ${edge.consumer}${fields}\n${edge.kind} · ${evidence(edge)}\nused ${many(edge.used, "time")}`;
}

// Who proposed an edge, how often it held, how often the consumer failed without.
function evidence(edge) {
  const parts = [`proposed by ${edge.source || "–"}`];
  if (edge.trials) parts.push(`held ${edge.successes ?? 0}/${edge.trials}`);
  if (edge.foreign_trials) parts.push(`other values failed ${edge.foreign ?? 0}/${edge.foreign_trials}`);
  if (edge.always === false) parts.push("in some states");
  if (edge.echo) parts.push("repeats its argument");
  if (!edge.verified) parts.push("did not hold");
  return parts.join(", ");
}
