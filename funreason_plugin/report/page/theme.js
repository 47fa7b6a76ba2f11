// Dark and light: the system's by default, a switch that is remembered, colours for the charts.

const THEMES = { auto: "◐", light: "☀", dark: "☾" };
const themeChanged = new Set(); // called when colours change
const probe = h("span", { class: "unseen", "aria-hidden": "true" });
const colours = new Map();

function remembered() {
  try {
    return localStorage.getItem("funreason-theme") ?? "auto";
  } catch {
    return "auto"; // a browser that keeps nothing for files
  }
}

function setTheme(name) {
  const theme = name in THEMES ? name : "auto";
  document.documentElement.dataset.theme = theme;
  const control = find("#theme");
  control.textContent = THEMES[theme];
  control.title = `Colours: ${theme === "auto" ? "as the system" : theme} (t)`;
  try {
    localStorage.setItem("funreason-theme", theme);
  } catch {
    // it then lasts until the page is closed
  }
  coloursChanged();
}

function nextTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const order = dark ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
  setTheme(order[(order.indexOf(document.documentElement.dataset.theme) + 1) % order.length]);
}

function coloursChanged() {
  colours.clear();
  for (const change of themeChanged) change();
}

// A colour of the style sheet as it is now: colour("accent") is rgb(…).
function colour(name) {
  if (!colours.has(name)) {
    if (!probe.isConnected) document.body.append(probe);
    probe.style.setProperty("color", `var(--${name})`);
    colours.set(name, getComputedStyle(probe).color);
  }
  return colours.get(name);
}

const environmentNames = [...new Set(overview.graph.tools.map((tool) => tool.environment))].filter(Boolean);

// The colour of an environment: the same everywhere in the report.
function environmentColour(name) {
  const place = environmentNames.indexOf(name);
  return `c${place < 0 ? 8 : (place % 8) + 1}`;
}

function environmentDot(name) {
  return h("span", { class: "dot", style: { background: `var(--${environmentColour(name)})` }, "aria-hidden": "true" });
}

const environmentOfTool = new Map(overview.graph.tools.map((tool) => [tool.name, tool.environment]));

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", coloursChanged);
