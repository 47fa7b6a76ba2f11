// A trajectory as a conversation, from the query of the first turn to the last answer.

const CLAMP = 700; // characters of a thought that are shown at first

function conversation(one, place) {
  const context = { outputs: new Map(), names: new Map(), links: [], needed: neededPaths(one), said: saidValues(one), queries: [], index: one.index };
  const page = h("div", { class: "conversation" });
  page.append(aboutTrajectory(one, place));
  one.turns.forEach((turn, number) => page.append(turnPart(turn, number, context)));
  page.append(h("p", { class: "end dim" }, `certificate ${one.certificate}…`));
  const arrows = new Arrows(page);
  for (const link of context.links) connect(link, context, arrows);
  return page;
}

// By "turn:call", the paths of its output that an argument comes from.
function neededPaths(one) {
  const needed = new Map();
  one.turns.forEach((turn, number) =>
    turn.calls.forEach((call) =>
      Object.values(call.provenance).forEach((source) => {
        const from = origin(source, number);
        if (from.kind !== "output") return;
        const key = `${from.turn}:${from.call}`;
        if (!needed.has(key)) needed.set(key, new Set());
        needed.get(key).add(from.field);
      }),
    ),
  );
  return needed;
}

// By turn, the values that arguments take from its query, here or in a later turn.
function saidValues(one) {
  const said = one.turns.map(() => []);
  one.turns.forEach((turn, number) =>
    turn.calls.forEach((call) =>
      Object.entries(call.provenance).forEach(([path, source]) => {
        const from = origin(source, number);
        if (from.kind === "query" || from.kind === "earlier") said[from.turn]?.push({ value: valueAt(call.arguments, path), kind: from.kind });
        else if (from.choice?.by === "equals") said[number].push({ value: from.choice.value, kind: "choice" });
      }),
    ),
  );
  return said;
}

function connect({ from, value, label }, context, arrows) {
  const source = from.kind === "output" ? context.outputs.get(`${from.turn}:${from.call}`)?.leaf(from.field) : context.queries[from.turn]?.markOf(value);
  if (!source) return;
  source.classList.add("source", from.kind);
  arrows.add(from.kind, source, label);
  label.go = () => {
    if (!visible(source)) source.closest(".json")?.reveal?.();
    source.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
    source.classList.add("flash");
    setTimeout(() => source.classList.remove("flash"), 1600);
  };
}

function aboutTrajectory(one, place) {
  const { tables } = index;
  const environments = tables.environments[index.environments[place]];
  const offered = one.offered.map((number) => tables.tools[number]);
  const called = new Set(index.tools[place].map((number) => tables.names[number]));
  return h(
    "header",
    { class: "about" },
    h("h2", { id: "trajectory-title" }, `Trajectory ${index.id[place]}`),
    h(
      "div",
      { class: "line" },
      environments.map((name) => h("span", { class: "chip" }, environmentDot(name), name)),
      badge(tables.splits[index.split[place]], "info"),
      index.labels[place].map((number) => badge(tables.labels[number], "info")),
      h("span", { class: "dim" }, `${many(one.turns.length, "turn")} · ${many(index.calls[place], "call")} · ${many(offered.length, "tool")} offered · clock ${one.clock} · seed ${one.seed}`),
    ),
    h(
      "div",
      { class: "folds" },
      fold(`Tools offered (${offered.length})`, () => toolList(offered, called)),
      fold("System prompt", () => h("p", { class: "text" }, tables.systems[one.system])),
      fold("Made by", () => asTables({ agents: tables.made_by[one.made_by], environments: tables.sources[one.sources] })),
      one.rejected.length > 0 && fold(`Rejected on the way (${index.rejected[place]}${one.rejected.length >= 12 ? " or more" : ""})`, () => rejectedList(one.rejected)),
    ),
  );
}

function toolList(tools, called) {
  return h(
    "ul",
    { class: "toollist" },
    tools.map((tool) => {
      const { name, description } = tool.function ?? {};
      return h("li", {}, environmentDot(environmentOfTool.get(name)), h("code", {}, name), called.has(name) && badge("called", "good"), h("span", { class: "dim" }, description));
    }),
  );
}

function rejectedList(rows) {
  const cells = rows.map(([attempt, turn, phase, code, detail, whole]) => [
    String(attempt + 1),
    turn >= 0 ? String(turn + 1) : "–",
    phaseName(phase),
    h("span", {}, h("code", {}, code), whole && " (given up)"),
    detail,
  ]);
  return table([{ title: "Made" }, { title: "Turn" }, { title: "Phase" }, { title: "Reason" }, { title: "What was wrong" }], cells);
}

function turnPart(turn, number, context) {
  const query = queryBubble(turn, number, context);
  context.queries[number] = query;
  let call = 0;
  const steps = turn.steps.map((step) =>
    h(
      "section",
      { class: "step" },
      thoughtPart(step.thought),
      step.calls.length > 1 && h("p", { class: "together dim" }, `${step.calls.length} independent calls in one message`),
      step.calls.map((one) => callCard(one, { ...context, turn: number, number: call++ })),
    ),
  );
  return h(
    "article",
    { class: "turn", id: `turn-${number}`, "aria-label": `Turn ${number + 1}` },
    h(
      "div",
      { class: "turn-head" },
      h("h3", {}, `Turn ${number + 1}`),
      turn.variant !== "base" && badge(turn.variant, "violet", "variant"),
      turn.attempts > 1 && badge(`passed at attempt ${turn.attempts}`, "warn"),
      turn.exact === false && badge("another correct way", "info", "The calls are not the sampled ones; state and needed outputs are the same"),
      turn.target && h("span", { class: "dim" }, "target ", h("code", {}, turn.target)),
    ),
    lackNote(turn.lack, turn.variant),
    followUpNote(turn.follow_up),
    query.element,
    steps,
    thoughtPart(turn.thought),
    h("div", { class: "bubble answer" }, h("span", { class: "who" }, "assistant"), h("p", { class: "text" }, turn.answer)),
    statePart(turn, context.index),
    fold("How this turn was made", () => madePart(turn), { kind: "made" }),
  );
}

// What a turn lacks in which nothing is to be called.
function lackNote(lack, variant) {
  if (!lack) return null;
  const tools = lack.tools.map((name, place) => [place ? ", " : "", h("code", {}, name)]);
  const where = lack.environment ? ` of ${lack.environment.name}, which is not there` : "";
  const text = lack.parameter ? ["The user does not say ", h("code", {}, lack.parameter), " of ", tools] : ["Not offered: ", tools, where, variant === "miss_func" ? "; offered from the next turn on" : ""];
  return h("p", { class: "lack" }, text, ". Nothing is to be called.");
}

// What the user does with the turn before.
const FOLLOW_UPS = { correct: "corrects a value", change_of_mind: "wants something else instead", undo_part: "has part of it undone", refer_back: "refers back to one of several" };
function followUpNote(follow) {
  if (!follow) return null;
  const value = follow.parameter && [": ", h("code", {}, follow.parameter), " of ", h("code", {}, follow.tool)];
  const undone = follow.undone.length > 0 && (follow.by ? ["; taken back with ", h("code", {}, follow.by)] : "; what the turn before did is overwritten");
  return h("p", { class: "lack" }, "The user ", FOLLOW_UPS[follow.kind], value, undone, ".");
}

// The query with the values that arguments take from it marked.
function queryBubble(turn, number, context) {
  const places = [];
  for (const { value, kind } of context.said[number]) {
    const found = spoken(turn.query, value);
    if (found) places.push({ start: found[0], end: found[1], kind });
  }
  const [nodes, marks] = marked(turn.query, places);
  const text = h("p", { class: "text" }, nodes);
  const element = h("div", { class: "bubble query" }, h("span", { class: "who" }, "user"), text);
  return {
    element,
    markOf(value) {
      const found = spoken(turn.query, value);
      return (found && (marks.get(found[0]) ?? [...marks].filter(([start]) => start <= found[0]).pop()?.[1])) ?? text;
    },
  };
}

function thoughtPart(text) {
  if (!text) return null;
  const long = text.length > CLAMP;
  const part = h("div", { class: "thought" }, h("span", { class: "who" }, "thinks"), h("p", { class: "text" }, long ? `${text.slice(0, CLAMP)}…` : text));
  if (long) {
    const more = button("Show all", () => {
      part.querySelector(".text").textContent = text;
      more.remove();
      part.dispatchEvent(new CustomEvent("grown", { bubbles: true }));
    }, { class: "more" });
    part.append(more);
  }
  return part;
}

function statePart(turn, place) {
  if (!turn.changes) {
    return h("p", { class: "state-none dim" }, "State differences: not replayed for this report; ", h("code", {}, `python -m funreason_plugin.synthesize trace DIR --index ${place}`), " shows them.");
  }
  if (!turn.changes.length) return h("p", { class: "state-none dim" }, "The state did not change in this turn.");
  const open = turn.changes.length <= 6;
  return fold(`State: ${many(turn.changes.length, "change")}`, () => h("div", { class: "changes" }, turn.changes.map(changeRow)), { open, kind: "state" });
}

function changeRow(change) {
  const [path, before, after] = change;
  const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  const kind = change.length === 2 ? "gone" : change[3] ? "new" : "changed";
  const sign = { gone: "−", new: "+", changed: "~" }[kind];
  return h(
    "div",
    { class: `change ${kind}` },
    h("span", { class: "sign", "aria-label": kind }, sign),
    h("code", {}, path),
    h("span", {}, kind !== "new" && h("del", {}, text(before)), kind === "changed" && " → ", kind !== "gone" && h("ins", {}, text(after))),
  );
}

function madePart(turn) {
  const parts = [];
  const { name, description } = turn.advanced ?? {};
  if (name) parts.push(h("h5", {}, "Advanced tool"), h("p", {}, h("code", {}, name), description ? ` ${description}` : ""), inputsTable(turn.advanced.inputs));
  if (turn.hint) parts.push(h("h5", {}, "Hint that only the reasoning agent saw"), h("pre", { class: "text" }, turn.hint));
  if (turn.noise) parts.push(h("h5", {}, "Noise of the query"), h("p", {}, Object.entries(turn.noise).map(([key, value]) => h("span", { class: "chip" }, `${key}: ${plainText(value)}`))));
  if (turn.feedback) parts.push(h("h5", {}, "Attempts that failed"), Array.isArray(turn.feedback) ? tableOfObjects(turn.feedback) : h("pre", { class: "text" }, plainText(turn.feedback)));
  parts.push(h("p", { class: "dim" }, `state after the turn ${turn.hash}…`));
  return parts;
}

function inputsTable(inputs) {
  if (!Array.isArray(inputs) || !inputs.every(isObject)) return null;
  return table([{ title: "Input" }, { title: "Value" }, { title: "Feeds" }], inputs.map((input) => [plainText(input.name), plainText(input.value), `call ${Number(input.call) + 1} ${plainText(input.parameter)}`]));
}
