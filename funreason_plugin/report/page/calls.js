// One tool call as a card: its name, its arguments with where each comes from, and its output.

// `context`: { turn, number (of the call in its turn), outputs: Map "turn:call" -> view, names: Map, links: [], needed: Map }
function callCard(call, context) {
  const key = `${context.turn}:${context.number}`;
  const environment = environmentOfTool.get(call.name) ?? "";
  const failed = isObject(call.output) && Boolean(call.output.error);
  const view = valueView(call.output, context.needed.get(key));
  context.outputs.set(key, view);
  context.names.set(key, call.name);
  const card = h(
    "div",
    { class: `call${failed ? " failed" : ""}`, id: `call-${context.turn}-${context.number}` },
    h(
      "div",
      { class: "call-head" },
      h("span", { class: "number", "aria-label": `call ${context.number + 1}` }, String(context.number + 1)),
      environmentDot(environment),
      h("code", { class: "name", title: descriptionOf(call.name) }, call.name),
      h("span", { class: "dim" }, environment),
      failed && badge("error", "bad"),
    ),
    argumentRows(call, context),
    h("div", { class: `result${failed ? " bad" : ""}` }, h("span", { class: "side", "aria-hidden": "true" }, "→"), view.element),
  );
  return card;
}

function argumentRows(call, context) {
  const names = Object.keys(call.arguments);
  if (!names.length) return h("div", { class: "arguments none dim" }, "no arguments");
  return h("div", { class: "arguments" }, names.map((name) => argumentRow(name, call, context)));
}

function argumentRow(name, call, context) {
  const value = call.arguments[name];
  const sources = Object.entries(call.provenance).filter(([path]) => path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}[`));
  const whole = sources.length === 1 && sources[0][0] === name;
  const labels = sources.map(([path, source]) => originLabel(path, whole, source, valueAt(call.arguments, path), context));
  return h(
    "div",
    { class: "argument" },
    h("span", { class: "argument-name" }, name),
    h("span", { class: "argument-value" }, valueView(value).element),
    h("span", { class: "origins" }, labels.length ? labels : h("span", { class: "origin none" }, "not recorded")),
  );
}

function originLabel(path, whole, source, value, context) {
  const from = origin(source, context.turn);
  const name = from.kind === "output" ? context.names.get(`${from.turn}:${from.call}`) : "";
  const text = originText(from, context.turn, name);
  const long = [from.field && `field ${from.field}`, from.choice && choiceText(from.choice)].filter(Boolean).join("; ");
  if (from.kind === "default") return h("span", { class: "origin default", title: "The tool's default" }, "default");
  const label = button([!whole && h("span", { class: "dim" }, `${path}: `), text, from.field && h("span", { class: "field" }, from.field)], () => label.go?.(), {
    class: `origin ${from.kind}`,
    title: long || "Stands in the query",
    "aria-label": `${path} comes from ${text}${long ? `, ${long}` : ""}. Go there`,
  });
  context.links.push({ from, value, label });
  return label;
}

// The value at a path such as items[0].sku; the part below a path that is a prefix.
function valueAt(value, path) {
  let found = value;
  for (const [, name, place] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    found = found?.[name ?? Number(place)];
  }
  return found;
}

const descriptions = new Map();

function descriptionOf(name) {
  if (!descriptions.size) for (const tool of index.tables.tools) descriptions.set(tool.function?.name, tool.function?.description);
  return descriptions.get(name) ?? "";
}
