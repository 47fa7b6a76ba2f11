// Which trajectories the list shows: filters over the index's columns. `chosen` is what is set.

const ANY = "";
const chosen = { environment: ANY, variant: ANY, label: ANY, split: ANY, tool: ANY, turns: ANY, attempts: ANY, state: ANY };
const filterChanged = new Set();

const ATTEMPTS = {
  first: ["all turns at the first attempt", (place) => index.attempts[place] === 1],
  again: ["a turn took several attempts", (place) => index.attempts[place] > 1],
  rejected: ["something was rejected before", (place) => index.rejected[place] > 0],
  smooth: ["nothing was rejected before", (place) => index.rejected[place] === 0],
};

function filtersForm() {
  const { tables } = index;
  const environments = [...new Set(tables.environments.flat())].sort();
  const turns = [...new Set(index.turns)].sort((one, other) => one - other).map(String);
  const fields = [
    choice("environment", "Environment", environments),
    choice("tool", "Tool", [...tables.names].sort()),
    choice("turns", "Turns", turns),
    choice("attempts", "Attempts", Object.entries(ATTEMPTS).map(([key, [text]]) => [key, text])),
    tables.splits.length > 1 && choice("split", "Split", tables.splits),
    tables.variants.length > 1 && choice("variant", "Variant", tables.variants),
    tables.labels.length > 0 && choice("label", "Label", tables.labels),
    overview.replayed > 0 && overview.replayed < overview.kept && choice("state", "State", [["with", "with differences"]]),
  ];
  const reset = button("Clear", () => setFilters({}), { class: "quiet", id: "filters-clear" });
  return h("form", { class: "filters", "aria-label": "Filters", onsubmit: (event) => event.preventDefault() }, fields, reset);
}

function choice(name, title, values) {
  const options = values.map((value) => (Array.isArray(value) ? value : [value, value]));
  const select = h(
    "select",
    { id: `filter-${name}`, "aria-label": title, onchange: (event) => setFilters({ ...chosen, [name]: event.target.value }) },
    h("option", { value: ANY }, title),
    options.map(([value, text]) => h("option", { value }, text)),
  );
  return select;
}

// Set all filters; what is not named is cleared.
function setFilters(values) {
  for (const name of Object.keys(chosen)) {
    chosen[name] = values[name] ?? ANY;
    const select = find(`#filter-${name}`);
    if (select) {
      select.value = chosen[name];
      select.classList.toggle("set", chosen[name] !== ANY);
    }
  }
  for (const change of filterChanged) change();
}

// The places of the trajectories that pass.
function filtered() {
  const { tables } = index;
  const tests = [];
  const has = (column, table, value) => {
    const wanted = tables[table].indexOf(value);
    tests.push((place) => index[column][place].includes(wanted));
  };
  if (chosen.environment) {
    const wanted = tables.environments.map((names) => names.includes(chosen.environment));
    tests.push((place) => wanted[index.environments[place]]);
  }
  if (chosen.split) {
    const wanted = tables.splits.indexOf(chosen.split);
    tests.push((place) => index.split[place] === wanted);
  }
  if (chosen.turns) tests.push((place) => index.turns[place] === Number(chosen.turns));
  if (chosen.tool) has("tools", "names", chosen.tool);
  if (chosen.variant) has("variants", "variants", chosen.variant);
  if (chosen.label) has("labels", "labels", chosen.label);
  if (chosen.attempts) tests.push(ATTEMPTS[chosen.attempts][1]);
  if (chosen.state) tests.push((place) => index.replayed[place] === 1);
  const places = [];
  for (let place = 0; place < index.length; place++) if (tests.every((test) => test(place))) places.push(place);
  return places;
}
