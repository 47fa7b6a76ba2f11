// The start: sections are made when they are opened first; the place is in the address (#reader/0-17).

const SECTIONS = [
  ["yield", "Yield", renderYield],
  ["reader", "Reader", renderReader],
  ["tools", "Tools & graph", renderTools],
  ["shape", "Distributions", renderShape],
  ["quality", "Quality", renderQuality],
];
const made = new Set();

function show(name) {
  const section = SECTIONS.find(([key]) => key === name) ?? SECTIONS[0];
  for (const [key] of SECTIONS) {
    find(`#section-${key}`).hidden = key !== section[0];
    find(`#tab-${key}`).toggleAttribute("aria-current", false);
  }
  find(`#tab-${section[0]}`).setAttribute("aria-current", "page");
  document.body.classList.toggle("reading", section[0] === "reader");
  if (!made.has(section[0])) {
    made.add(section[0]);
    section[2](find(`#section-${section[0]}`));
  }
  if (section[0] !== "reader") remember(section[0]);
  else if (reader.place >= 0) remember(`reader/${index.id[reader.place]}`);
  else if (reader.list.places.length) openTrajectory(reader.list.places[0]);
}

function remember(place) {
  if (location.hash !== `#${place}`) history.replaceState(null, "", `#${place}`);
}

// What the address asks for.
function follow() {
  const [name, id] = location.hash.slice(1).split("/");
  const place = id === undefined ? -1 : index.id.indexOf(id);
  show(name || "yield");
  if (name === "reader" && place >= 0) openTrajectory(place);
}

async function start() {
  find("#title").textContent = overview.title;
  find("#tabs").append(...SECTIONS.map(([key, title]) => h("a", { href: `#${key}`, id: `tab-${key}` }, title)));
  find("#theme").addEventListener("click", nextTheme);
  find("#help").addEventListener("click", toggleShortcuts);
  setTheme(remembered());
  listenToKeys();
  if (!location.hash || location.hash === "#yield") show("yield"); // before the index is unpacked
  performance.mark("first-section");
  await readIndex();
  follow();
  addEventListener("hashchange", follow);
  document.body.classList.add("ready");
  performance.mark("ready");
}

start().catch((error) => {
  find("#content").prepend(h("p", { class: "note warn", role: "alert" }, `The report cannot be read: ${error.message}`));
});
