// The reader: filters, search and the list on the left, one trajectory on the right.

const reader = { list: null, place: -1, hits: null, pane: null };

function renderReader(section) {
  reader.list = new VirtualList((place) => openTrajectory(place));
  reader.count = h("p", { class: "count dim", role: "status" });
  reader.field = h("select", { "aria-label": "Where to search", onchange: () => startSearch() }, Object.entries(FIELDS).map(([value, text]) => h("option", { value }, text)));
  reader.input = h("input", { type: "search", id: "search", placeholder: "Search all text  ( / )", "aria-label": "Search all text", autocomplete: "off", spellcheck: "false", oninput: () => searchSoon() });
  reader.progress = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Search" });
  reader.pane = h("div", { class: "pane", tabindex: "-1", role: "region", "aria-label": "Trajectory" });
  reader.body = h("div", { class: "pane-body" });
  const arrows = button("Arrows", () => toggleArrows(), { class: "quiet", id: "arrows", "aria-pressed": "true", title: "Provenance arrows (p)" });
  const bar = h(
    "div",
    { class: "pane-bar" },
    button("← Previous", () => reader.list.step(-1), { class: "quiet", title: "k" }),
    button("Next →", () => reader.list.step(1), { class: "quiet", title: "j" }),
    (reader.position = h("span", { class: "dim" })),
    h("span", { class: "grow" }),
    h("span", { class: "legend", "aria-label": "Arguments come from" }, ["query", "earlier", "output"].map((kind) => h("span", { class: `key-${kind}` }, { query: "query", earlier: "earlier turn", output: "output" }[kind]))),
    arrows,
  );
  reader.pane.append(bar, reader.body);
  const side = h(
    "div",
    { class: "side-panel" },
    h("div", { class: "searchbox" }, reader.input, reader.field),
    reader.progress,
    filtersForm(),
    reader.count,
    reader.list.element,
  );
  put(section, h("div", { class: "reader" }, side, reader.pane));
  filterChanged.add(() => showList());
  showList();
}

function showList() {
  let places = filtered();
  if (reader.hits) places = places.filter((place) => reader.hits.has(place));
  reader.list.show(places, reader.hits);
  reader.list.choose(reader.place, false);
  const all = places.length === index.length;
  reader.count.textContent = all ? many(places.length, "trajectory", "trajectories") : `${count(places.length)} of ${many(index.length, "trajectory", "trajectories")}`;
  tellPosition();
}

let searchTimer = 0;

function searchSoon() {
  clearTimeout(searchTimer);
  searchTimer = setTimeout(startSearch, 250);
}

function startSearch() {
  clearTimeout(searchTimer);
  stopSearch();
  const text = reader.input.value.trim();
  if (text.length < SHORTEST) {
    reader.progress.hidden = true;
    if (reader.hits) {
      reader.hits = null;
      showList();
    }
    return;
  }
  reader.progress.hidden = false;
  reader.progress.value = 0;
  performance.mark("search-start");
  search(text, reader.field.value, (hits, share, finished) => {
    reader.hits = hits;
    reader.progress.value = share;
    const { scrollTop } = reader.list.element;
    showList();
    reader.list.element.scrollTop = scrollTop;
    if (!finished) return;
    reader.progress.hidden = true;
    performance.mark("search-end");
    say(`${many(reader.list.places.length, "trajectory", "trajectories")} found`);
  });
}

async function openTrajectory(place, { focus = false } = {}) {
  if (!(place >= 0 && place < index.length)) return;
  reader.place = place;
  reader.list.choose(place);
  tellPosition();
  remember(`reader/${index.id[place]}`);
  try {
    const one = await trajectory(place);
    if (reader.place !== place) return; // another was chosen meanwhile
    reader.body.replaceChildren(conversation(one, place));
  } catch (error) {
    reader.body.replaceChildren(h("p", { class: "note warn" }, `This trajectory cannot be shown: ${error.message}`));
  }
  reader.pane.scrollTop = 0;
  performance.mark("trajectory-shown");
  if (focus) reader.pane.focus();
}

function tellPosition() {
  const position = reader.list.places.indexOf(reader.place);
  reader.position.textContent = position < 0 ? "" : `${count(position + 1)} of ${count(reader.list.places.length)}`;
}

function toggleArrows() {
  const off = reader.pane.classList.toggle("no-arrows");
  find("#arrows").setAttribute("aria-pressed", String(!off));
}

function toggleFolds() {
  const folds = [...reader.body.querySelectorAll("details.fold")];
  const open = folds.some((one) => !one.open);
  for (const one of folds) one.open = open;
}

// The turn after or before the one at the top of the pane.
function jumpTurn(by) {
  const turns = [...reader.body.querySelectorAll(".turn")];
  const top = reader.pane.getBoundingClientRect().top + 60;
  const after = turns.findIndex((turn) => turn.getBoundingClientRect().top > top + 4);
  const current = (after < 0 ? turns.length : after) - 1;
  turns[Math.min(turns.length - 1, Math.max(0, current + by))]?.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
}

// Show the trajectories that pass some filters: from a tool, an edge, a variant.
function readFiltered(filters) {
  show("reader"); // makes it where it was not yet opened
  reader.input.value = "";
  reader.hits = null;
  reader.progress.hidden = true;
  stopSearch();
  setFilters(filters);
  if (reader.list.places.length) openTrajectory(reader.list.places[0]);
}
