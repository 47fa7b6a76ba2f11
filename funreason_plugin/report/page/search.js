// Full-text search: every block is unpacked in turn and looked through, the page staying responsive between them.
// A block whose text does not contain the words at all is not even parsed.

const SHORTEST = 2;
const AROUND = 24; // characters shown before a found place, and four times as many after it
let searching = 0; // number of the latest search; older ones stop

const FIELDS = {
  everything: "everywhere",
  queries: "in queries",
  answers: "in answers",
  thoughts: "in thoughts",
  calls: "in calls and outputs",
};

// Calls `found(Map of place -> snippet, share done, finished)` after every few blocks.
async function search(text, field, found) {
  const mine = ++searching;
  const words = text.trim();
  if (words.length < SHORTEST) return;
  const escaped = (literal) => literal.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const loose = (literal) => new RegExp(escaped(literal).replace(/\s+/g, "\\s+"), "i");
  const inBlock = loose(JSON.stringify(words).slice(1, -1));
  const inText = loose(words);
  const hits = new Map();
  const named = index.id.indexOf(words);
  if (named >= 0) hits.set(named, { before: "", match: words, after: "" });
  let next = blockText(0);
  for (let number = 0; number < blockCount(); number++) {
    const block = await next;
    if (mine !== searching) return;
    if (number + 1 < blockCount()) next = blockText(number + 1);
    if (inBlock.test(block)) {
      together(JSON.parse(block)).forEach((one, place) => {
        const snippet = snippetOf(one, inText, field);
        if (snippet !== null) hits.set(number * overview.at_once + place, snippet);
      });
    }
    const finished = number + 1 === blockCount();
    if (finished || number % 4 === 0) found(hits, (number + 1) / blockCount(), finished);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

function stopSearch() {
  searching += 1;
}

function snippetOf(one, words, field) {
  for (const text of textsOf(one, field)) {
    const match = words.exec(text);
    if (match) return around(text, match.index, match[0].length);
  }
  return null;
}

function around(text, start, length) {
  const from = Math.max(0, start - AROUND);
  const to = Math.min(text.length, start + length + 4 * AROUND);
  return {
    before: (from > 0 ? "…" : "") + text.slice(from, start),
    match: text.slice(start, start + length),
    after: text.slice(start + length, to) + (to < text.length ? "…" : ""),
  };
}

function* textsOf(one, field) {
  const all = field === "everything";
  for (const turn of one.turns) {
    if (all || field === "queries") yield turn.query;
    for (const step of turn.steps) {
      if ((all || field === "thoughts") && step.thought) yield step.thought;
      if (!all && field !== "calls") continue;
      for (const call of step.calls) {
        yield call.name;
        yield* leaves(call.arguments);
        yield* leaves(call.output);
      }
    }
    if ((all || field === "thoughts") && turn.thought) yield turn.thought;
    if (all || field === "answers") yield turn.answer;
  }
}

function* leaves(value) {
  if (value === null || typeof value !== "object") yield String(value);
  else if (Array.isArray(value)) for (const item of value) yield* leaves(item);
  else
    for (const [key, item] of Object.entries(value)) {
      yield key;
      yield* leaves(item);
    }
}
