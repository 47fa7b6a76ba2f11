// Charts: bars with the same looks everywhere, each with its numbers as a table. The library is Apache ECharts.

const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const shown = new Set(); // charts that have been drawn

// A figure; `option` is a function, so that the colours are those of the moment. Drawn when it is seen first.
function chart(title, option, { height = 260, note = "", numbersOf = null, kind = "" } = {}) {
  const canvas = h("div", { class: "canvas", role: "img", "aria-label": `${title}. ${note}`, style: { height: `${height}px` } });
  const figure = h(
    "figure",
    { class: `card ${kind}` },
    h("figcaption", {}, h("h3", {}, title), note && h("p", { class: "dim" }, note)),
    canvas,
    numbersOf && fold("Numbers", () => table(...numbersOf()), { kind: "numbers" }),
  );
  const entry = { canvas, option, live: null };
  new IntersectionObserver((seen, watching) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    watching.disconnect();
    entry.live = echarts.init(canvas, null, { renderer: "canvas" });
    entry.live.setOption(option());
    entry.ready?.(entry.live);
    shown.add(entry);
    new ResizeObserver(() => entry.live.resize()).observe(canvas);
  }).observe(canvas);
  figure.entry = entry;
  return figure;
}

function redraw(entry) {
  entry.live?.setOption(entry.option(), { notMerge: true });
}

themeChanged.add(() => shown.forEach(redraw));

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

function look() {
  return {
    animation: !calm,
    animationDuration: 350,
    textStyle: { fontFamily: FONT, color: colour("text") },
    aria: { enabled: true },
    tooltip: {
      renderMode: "richText", // drawn, not markup
      confine: true,
      backgroundColor: colour("raised"),
      borderColor: colour("line"),
      textStyle: { color: colour("text"), fontSize: 12, fontFamily: FONT },
    },
  };
}

function axis(more = {}) {
  return {
    axisLine: { lineStyle: { color: colour("line") } },
    axisTick: { show: false },
    axisLabel: { color: colour("dim"), fontSize: 11 },
    splitLine: { lineStyle: { color: colour("line"), type: "dashed" } },
    ...more,
  };
}

// Horizontal bars, the first on top. series: [{ name, colour or colours, values, labels }]
function barsAcross(names, series, { stack = false, legend = false } = {}) {
  return {
    ...look(),
    legend: legend ? { top: 0, right: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, textStyle: { color: colour("dim"), fontSize: 11 } } : undefined,
    grid: { left: 8, right: 64, top: legend ? 28 : 6, bottom: 4, containLabel: true },
    xAxis: { type: "value", ...axis({ minInterval: 1, axisLabel: { color: colour("dim"), fontSize: 11, formatter: compact }, splitNumber: 4 }) },
    yAxis: { type: "category", inverse: true, data: names, ...axis({ axisLabel: { color: colour("text"), fontSize: 12 } }) },
    series: series.map((one) => ({
      type: "bar",
      name: one.name,
      stack: stack ? "all" : undefined,
      barMaxWidth: 24,
      itemStyle: { color: colour(one.colour ?? "c8") },
      data: one.values.map((value, place) => ({
        value,
        itemStyle: { color: colour(one.colours?.[place] ?? one.colour), borderRadius: stack ? 2 : [0, 4, 4, 0] },
      })),
      label: one.labels && {
        show: true,
        position: "right",
        color: colour("dim"),
        fontSize: 11,
        formatter: ({ dataIndex }) => one.labels[dataIndex],
      },
      tooltip: { formatter: ({ name, value }) => `${name}\n${one.name}: ${count(value)}` },
    })),
    tooltip: { ...look().tooltip, trigger: "item" },
  };
}

// Vertical bars of shares in percent. series: [{ name, colour, values, counts }]
function barsUp(names, series, unit) {
  const several = series.length > 1;
  return {
    ...look(),
    legend: several ? { top: 0, right: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, textStyle: { color: colour("dim"), fontSize: 11 } } : undefined,
    grid: { left: 4, right: 12, top: several ? 30 : 12, bottom: 22, containLabel: true },
    xAxis: {
      type: "category",
      data: names,
      name: unit,
      nameLocation: "middle",
      nameGap: 26,
      nameTextStyle: { color: colour("dim"), fontSize: 11 },
      ...axis({ splitLine: { show: false } }),
    },
    yAxis: { type: "value", ...axis({ splitNumber: 4, axisLine: { show: false }, axisLabel: { color: colour("dim"), fontSize: 11, formatter: "{value}%" } }) },
    series: series.map((one) => ({
      type: "bar",
      name: one.name,
      barMaxWidth: 34,
      barCategoryGap: "22%",
      itemStyle: { color: colour(one.colour), borderRadius: [4, 4, 0, 0] },
      data: one.values,
      tooltip: {
        formatter: ({ name, value, dataIndex }) =>
          `${name} ${unit}\n${one.name}: ${percent(value, 100)}` + (one.counts ? ` (${count(one.counts[dataIndex])})` : ""),
      },
    })),
    tooltip: { ...look().tooltip, trigger: "item" },
  };
}
