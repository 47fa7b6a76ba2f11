// The list of trajectories: only the rows that are seen exist, so 17,000 scroll like 17.

const ROW = 66; // pixels, as in reader.css
const SPARE = 8; // rows beyond the edges

class VirtualList {
  constructor(onchoose) {
    this.places = [];
    this.snippets = null;
    this.chosen = -1;
    this.rows = new Map(); // position -> element
    this.onchoose = onchoose;
    this.space = h("div", { class: "space" });
    this.element = h(
      "div",
      { class: "list", role: "listbox", tabindex: "0", "aria-label": "Trajectories", "aria-activedescendant": "", onkeydown: (event) => this.key(event) },
      this.space,
    );
    const later = onceAFrame(() => this.draw());
    this.element.addEventListener("scroll", later, { passive: true });
    new ResizeObserver(later).observe(this.element);
  }

  show(places, snippets = null) {
    this.places = places;
    this.snippets = snippets;
    this.rows.forEach((row) => row.remove());
    this.rows.clear();
    this.space.style.height = `${places.length * ROW}px`;
    this.draw();
  }

  draw() {
    const top = this.element.scrollTop;
    const first = Math.max(0, Math.floor(top / ROW) - SPARE);
    const last = Math.min(this.places.length, Math.ceil((top + this.element.clientHeight) / ROW) + SPARE);
    for (const [position, row] of this.rows) {
      if (position < first || position >= last) {
        row.remove();
        this.rows.delete(position);
      }
    }
    for (let position = first; position < last; position++) {
      if (!this.rows.has(position)) {
        const row = this.row(position);
        this.rows.set(position, row);
        this.space.append(row);
      }
    }
  }

  row(position) {
    const place = this.places[position];
    const snippet = this.snippets?.get(place);
    const names = index.tables.environments[index.environments[place]];
    const named = (numbers, table) => numbers.map((number) => index.tables[table][number]);
    const variants = named(index.variants[place], "variants").filter((name) => name !== "base");
    const labels = named(index.labels[place], "labels").filter((name) => !variants.includes(name)); // a variant is a label, too
    const marks = [
      index.attempts[place] > 1 && badge(`${index.attempts[place]} attempts`, "warn"),
      index.rejected[place] > 0 && badge(many(index.rejected[place], "rejection"), "warn"),
      index.tables.splits[index.split[place]] !== "train" && badge(index.tables.splits[index.split[place]], "info"),
      variants.map((name) => badge(name, "violet")),
      labels.map((name) => badge(name, "info")),
    ];
    return h(
      "div",
      {
        class: `row${place === this.chosen ? " chosen" : ""}`,
        id: `row-${place}`,
        role: "option",
        "aria-selected": String(place === this.chosen),
        "aria-posinset": position + 1,
        "aria-setsize": this.places.length,
        style: { top: `${position * ROW}px` },
        onclick: () => this.onchoose(place),
      },
      h("div", { class: "line" }, h("span", { class: "id" }, index.id[place]), names.map(environmentDot), h("span", { class: "dim" }, names.join(", ")), marks),
      h("div", { class: "excerpt" }, snippet ? [snippet.before, h("mark", {}, snippet.match), snippet.after] : index.query[place]),
      h("div", { class: "line dim" }, `${many(index.turns[place], "turn")} · ${many(index.calls[place], "call")}`),
    );
  }

  choose(place, scroll = true) {
    const old = find(`#row-${this.chosen}`, this.space);
    old?.classList.remove("chosen");
    old?.setAttribute("aria-selected", "false");
    this.chosen = place;
    const position = this.places.indexOf(place);
    if (position < 0) return;
    if (scroll) {
      const top = position * ROW;
      const { scrollTop, clientHeight } = this.element;
      if (top < scrollTop) this.element.scrollTop = top;
      else if (top + ROW > scrollTop + clientHeight) this.element.scrollTop = top + ROW - clientHeight;
    }
    this.draw();
    const row = this.rows.get(position);
    row?.classList.add("chosen");
    row?.setAttribute("aria-selected", "true");
    this.element.setAttribute("aria-activedescendant", `row-${place}`);
  }

  // The trajectory `by` rows away; the first where none is chosen.
  step(by) {
    if (!this.places.length) return;
    const position = this.places.indexOf(this.chosen);
    const next = position < 0 ? 0 : Math.min(this.places.length - 1, Math.max(0, position + by));
    this.onchoose(this.places[next]);
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -this.places.length, End: this.places.length };
    if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.step(steps[event.key]);
  }
}
