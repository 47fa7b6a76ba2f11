// The data in the page: an overview, an index of small columns, and packed blocks of trajectories, unpacked when one is read.

const overview = JSON.parse(find("#data-overview").textContent);
const HELD_BLOCKS = 6;
const held = new Map(); // number of a block -> promise of its trajectories, the latest last
let index = null;

const parsed = new Promise((resolve) => {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", resolve, { once: true });
  else resolve();
});

function bytesOf(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < binary.length; place++) bytes[place] = binary.charCodeAt(place);
  return bytes;
}

async function unpacked(id) {
  let element = document.getElementById(id);
  if (!element?.nextSibling) {
    await parsed; // the element may be there with half of its text
    element = document.getElementById(id);
  }
  if (!element) throw new Error(`this file has no part ${id}: it was cut short`);
  const stream = new Blob([bytesOf(element.textContent)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

async function readIndex() {
  const { columns, tables } = JSON.parse(await unpacked("data-index"));
  index = { ...columns, tables, length: columns.id?.length ?? 0 };
  for (const name of ["environments", "splits", "variants", "labels", "names", "sources", "made_by", "systems", "tools"]) {
    tables[name] ??= [];
  }
  return index;
}

function blockCount() {
  return Math.max(1, Math.ceil(index.length / overview.at_once));
}

function blockText(number) {
  return unpacked(`data-block-${number}`);
}

function blockOf(number) {
  const found = held.get(number) ?? blockText(number).then((text) => together(JSON.parse(text)));
  held.delete(number);
  held.set(number, found);
  if (held.size > HELD_BLOCKS) held.delete(held.keys().next().value);
  return found;
}

async function trajectory(place) {
  const block = await blockOf(Math.floor(place / overview.at_once));
  return block[place % overview.at_once];
}

// Columns back to trajectories; report/columns.py writes them.
function together(columns) {
  let turn = 0;
  let step = 0;
  let call = 0;
  const takeCall = () => {
    const made = {
      name: columns.name[call],
      arguments: columns.arguments[call],
      provenance: columns.provenance[call],
      output: columns.output[call],
    };
    call += 1;
    return made;
  };
  const takeStep = () => {
    const made = { thought: columns.step_thought[step], calls: Array.from({ length: columns.calls[step] }, takeCall) };
    step += 1;
    return made;
  };
  const takeTurn = () => {
    const made = {
      query: columns.query[turn],
      thought: columns.thought[turn],
      answer: columns.answer[turn],
      variant: "base",
      attempts: 1,
      ...columns.made[turn],
      steps: Array.from({ length: columns.steps[turn] }, takeStep),
    };
    turn += 1;
    made.calls = made.steps.flatMap((one) => one.calls);
    return made;
  };
  return columns.head.map((head, number) => ({
    ...head,
    turns: Array.from({ length: columns.turns[number] }, takeTurn),
  }));
}
