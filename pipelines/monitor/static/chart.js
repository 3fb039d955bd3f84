// The course as four small charts, drawn from the table that everybody can read.
"use strict";

const course = (() => {
  const MEASURES = [
    ["revenue", "Net revenue"],
    ["orders", "Orders"],
    ["clicks", "Clicks"],
    ["redemptions", "Redemptions"],
  ];
  const HEIGHT = 132;
  const charts = new Map();

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function read() {
    const table = document.getElementById("course-table");
    if (!table) return null;
    const rows = [...table.querySelectorAll("tbody tr[data-at]")].reverse();
    const column = (name) => rows.map((row) => Number(row.querySelector(`[data-${name}]`).dataset[name]));
    return {
      by: table.dataset.by,
      zone: table.dataset.zone,
      currency: table.dataset.currency,
      at: rows.map((row) => Date.parse(row.dataset.at) / 1000),
      said: rows.map((row) => row.querySelector("time").textContent),
      columns: new Map(MEASURES.map(([name]) => [name, column(name)])),
    };
  }

  const short = (value) =>
    Math.abs(value) >= 1e6 ? `${+(value / 1e6).toFixed(1)}M` : Math.abs(value) >= 1e3 ? `${+(value / 1e3).toFixed(1)}k` : `${+value.toFixed(2)}`;

  function told(name, value, data) {
    const digits = name === "revenue" ? 2 : 0;
    const text = value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return name === "revenue" ? `${text} ${data.currency}` : text;
  }

  function say(chart, index) {
    const { data, name, out } = chart;
    const last = data.at.length - 1;
    const at = index ?? last;
    out.replaceChildren();
    if (last < 0) return;
    const value = document.createElement("b");
    value.textContent = told(name, data.columns.get(name)[at], data);
    out.append(`${index == null ? "latest" : data.said[at]} `, value);
  }

  function options(chart, width) {
    const muted = colour("--muted");
    const line = colour("--line");
    const zoned = (seconds) => uPlot.tzDate(new Date(seconds * 1000), chart.data.zone);
    const axis = { stroke: muted, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
    const times = new Intl.DateTimeFormat("en-GB", {
      timeZone: chart.data.zone,
      ...(chart.data.by === "day" ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" }),
    });
    return {
      width,
      height: HEIGHT,
      tzDate: zoned,
      padding: [8, 18, 0, 0],
      cursor: { sync: { key: "course" }, points: { show: false }, y: false, drag: { x: false, y: false } },
      legend: { show: false },
      scales: { x: { time: true, range: (_u, low, high) => [low - chart.step / 2, high + chart.step / 2] }, y: { range: (_u, low, high) => [Math.min(0, low), Math.max(high, 1) * 1.05] } },
      axes: [
        { ...axis, grid: { show: false }, size: 24, space: 64, values: (_u, splits) => splits.map((at) => times.format(at * 1000)) },
        { ...axis, size: 44, space: 34, values: (_u, splits) => splits.map(short) },
      ],
      series: [{}, { stroke: colour("--accent"), fill: colour("--accent"), width: 0, paths: uPlot.paths.bars({ size: [0.75, 40], align: 0 }), points: { show: false } }],
      hooks: { setCursor: [(u) => say(chart, u.cursor.idx)] },
    };
  }

  function draw(chart) {
    const width = Math.max(chart.box.clientWidth, 120);
    const values = [chart.data.at, chart.data.columns.get(chart.name)];
    chart.plot?.destroy();
    chart.plot = new uPlot(options(chart, width), values, chart.canvas);
    say(chart, null);
  }

  function build(place) {
    place.replaceChildren();
    charts.clear();
    for (const [name, label] of MEASURES) {
      const box = document.createElement("div");
      const title = document.createElement("p");
      const head = document.createElement("span");
      const out = document.createElement("span");
      const canvas = document.createElement("div");
      box.className = "chart";
      head.textContent = label;
      title.append(head, out);
      box.append(title, canvas);
      place.append(box);
      charts.set(name, { name, box, out, canvas, plot: null, step: 60, data: null });
    }
  }

  /** Draws what the table says now; `anew` where sizes or colours have changed. */
  function refresh(anew = false) {
    const place = document.getElementById("charts");
    const data = read();
    if (!place || !data) return;
    if (!data.at.length) {
      charts.clear();
      place.replaceChildren(Object.assign(document.createElement("p"), { className: "empty", textContent: "Nothing has happened yet." }));
      return;
    }
    if (!charts.size || !place.contains(charts.get("orders").box)) build(place);
    for (const chart of charts.values()) {
      const is_other = !chart.data || chart.data.by !== data.by || chart.data.zone !== data.zone;
      chart.data = data;
      chart.step = data.at.length > 1 ? data.at[1] - data.at[0] : 60;
      if (anew || is_other || !chart.plot) draw(chart);
      else {
        chart.plot.setData([data.at, data.columns.get(chart.name)]);
        say(chart, chart.plot.cursor.idx);
      }
    }
  }

  let resized;
  addEventListener("resize", () => {
    clearTimeout(resized);
    resized = setTimeout(() => refresh(true), 120);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => refresh(true));
  return { refresh };
})();
