// Elements, numbers and texts. Whatever comes from data becomes a text node: nothing here takes markup.

// A browser that knows trusted types refuses every string as markup; the chart library empties its element with "".
window.trustedTypes?.createPolicy("default", { createHTML: (text) => (text === "" ? "" : null) });

function find(selector, within = document) {
  return within.querySelector(selector);
}

// h("button", { class: "quiet", type: "button", onclick: go, "aria-label": "Next" }, "→")
function h(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

function drawn(tag, properties = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, entry] of Object.entries(value)) element.style.setProperty(key, entry);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  return put(element, children);
}

// Append what is there: null and false are left out, lists are taken apart.
function put(element, ...children) {
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function button(text, onclick, properties = {}) {
  return h("button", { type: "button", onclick, ...properties }, text);
}

function badge(text, kind = "", title) {
  return h("span", { class: `badge ${kind}`, title }, text);
}

// A part that is opened by a click; its content is made then.
function fold(title, content, { open = false, kind = "" } = {}) {
  const details = h("details", { class: `fold ${kind}`, open }, h("summary", {}, title));
  const fill = () => {
    if (details.open && details.childElementCount === 1) put(details, content());
  };
  details.addEventListener("toggle", fill);
  fill();
  return details;
}

const numbers = new Intl.NumberFormat("en");
const shortNumbers = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

function count(value) {
  return typeof value === "number" ? numbers.format(value) : "–";
}

function compact(value) {
  return typeof value === "number" ? shortNumbers.format(value) : "–";
}

function many(value, one, more = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : more}`;
}

function percent(part, whole = 1) {
  if (!whole) return "–";
  const share = (100 * part) / whole;
  const near = share > 99.95 && share < 100 ? "> 99.9" : share > 0 && share < 0.05 ? "< 0.1" : null;
  return `${near ?? (share >= 99.95 || share < 0.05 ? share.toFixed(0) : share.toFixed(1))}%`;
}

function size(bytes) {
  if (typeof bytes !== "number") return "–";
  const step = bytes >= 1e9 ? [1e9, "GB"] : bytes >= 1e6 ? [1e6, "MB"] : [1e3, "kB"];
  return `${(bytes / step[0]).toFixed(bytes >= 1e9 ? 2 : 1)} ${step[1]}`;
}

function duration(seconds) {
  if (typeof seconds !== "number") return "–";
  if (seconds < 90) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  return seconds < 5400 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

// However often it is called, the work is done once, before the next picture.
function onceAFrame(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      work();
    });
  };
}

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

// Announced to a screen reader.
function say(text) {
  find("#say").textContent = text;
}
