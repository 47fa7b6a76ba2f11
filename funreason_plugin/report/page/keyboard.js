// The keyboard: one letter each, but not while one types.

const SHORTCUTS = [
  ["1 – 5", "sections"],
  ["j / k", "next, previous trajectory"],
  ["n / b", "next, previous turn"],
  ["/", "search all text"],
  ["Esc", "leave the search; close this"],
  ["p", "provenance arrows on or off"],
  ["e", "open or close all folded parts"],
  ["c", "clear filters"],
  ["t", "colours: system, dark, light"],
  ["?", "this list"],
];

const KEYS = {
  j: () => inReader(() => reader.list.step(1)),
  k: () => inReader(() => reader.list.step(-1)),
  n: () => inReader(() => jumpTurn(1)),
  b: () => inReader(() => jumpTurn(-1)),
  p: () => inReader(toggleArrows),
  e: () => inReader(toggleFolds),
  c: () => inReader(() => setFilters({})),
  t: nextTheme,
  "/": () => inReader(() => reader.input.focus()),
  "?": () => toggleShortcuts(),
};

function inReader(action) {
  if (!index) return;
  show("reader");
  action();
}

function toggleShortcuts() {
  const dialog = find("#shortcuts");
  if (dialog.open) dialog.close();
  else dialog.showModal();
}

function listenToKeys() {
  find("#shortcuts").append(
    h("h2", { id: "shortcuts-title" }, "Keyboard"),
    h("dl", { class: "keys" }, SHORTCUTS.map(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)])),
    button("Close", () => toggleShortcuts(), { class: "primary" }),
  );
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest?.("input, select, textarea");
    if (event.key === "Escape" && typing) {
      typing.blur();
      return;
    }
    if (typing || (find("#shortcuts").open && event.key !== "?")) return;
    const section = SECTIONS[Number(event.key) - 1];
    const action = section ? () => show(section[0]) : KEYS[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
