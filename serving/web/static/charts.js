// Charts: each is drawn from the table that stands below it, so that the page says the same without scripts.
(() => {
  "use strict";
  const HEIGHT = 200;
  const language = document.body?.dataset.language || "en";
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const isTime = format => format === "day" || format === "month";

  function readTable(figure) {
    const source = figure.querySelector("details table"); // a chart that is drawn has a table of its own, its legend
    const heads = [...source.querySelectorAll("thead th")];
    const rows = [...source.querySelectorAll("tbody tr")].map(row => [...row.children]);
    const formats = heads.map(head => head.dataset.format);
    const values = heads.map((_, column) => rows.map((cells, index) => {
      const value = cells[column].dataset.value;
      if (value === "") return null;
      if (column) return Number(value);
      if (isTime(formats[0]) && figure.dataset.kind !== "bars") return Date.parse(value) / 1000;
      return Number.isFinite(Number(value)) ? Number(value) : index;
    }));
    const texts = rows.map(cells => cells[0].textContent);
    return { labels: heads.map(head => head.textContent), formats, values, texts };
  }

  // Ticks of a small share have as many decimals as tell them apart.
  function axisText(format) {
    return (_, ticks, __, ___, step) => {
      const maximumFractionDigits = Math.min(Math.max(Math.ceil(-Math.log10(step * 100) - 1e-9), 0), 6);
      const options = format === "percent" ? { style: "percent", maximumFractionDigits } : { notation: "compact" };
      const numbers = new Intl.NumberFormat(language, options);
      return ticks.map(tick => tick === null ? "" : numbers.format(tick));
    };
  }

  // Dates of the table are days without a zone, which Date.parse reads as UTC.
  function timeText(format) {
    const parts = format === "month" ? { month: "short", year: "2-digit" } : { month: "short", day: "numeric" };
    const dates = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { ...parts, timeZone: "UTC" });
    return (_, ticks) => ticks.map(tick => dates.format(tick * 1000));
  }

  function options(figure, table, width) {
    const kind = figure.dataset.kind;
    const band = (figure.dataset.band || "").split(",").filter(Boolean).map(Number);
    const color = css("--pico-primary"), muted = css("--pico-muted-color"), grid = css("--pico-muted-border-color");
    const paths = kind === "bars" ? uPlot.paths.bars({ size: [0.8, 60] }) : kind === "points" ? () => null : undefined;
    const colors = [color, muted, css("--amber"), css("--green"), css("--red")];
    const names = new Map(table.values[0].map((value, index) => [value, table.texts[index]]));
    const isNamed = !isTime(table.formats[0]) || kind === "bars";
    const lineOf = index => band.includes(index) ? { stroke: grid, width: 1, points: { show: false } } : {
      stroke: colors[(index - 1) % colors.length], width: 2, paths, points: { show: kind === "points" },
      fill: kind === "bars" ? colors[(index - 1) % colors.length] : undefined,
    };
    const horizontal = isNamed
      ? { space: kind === "bars" ? 72 : 50, values: (_, ticks) => ticks.map(tick => names.get(tick) ?? (table.formats[0] === "number" ? tick : "")) }
      : { values: timeText(table.formats[0]), space: 70 };
    const fromZero = kind === "bars" ? { range: (_, low, high) => [Math.min(low ?? 0, 0), Math.max(high ?? 0, 0) * 1.05 || 1] } : {};
    return {
      width, height: HEIGHT, cursor: { drag: { x: false, y: false } }, legend: { show: table.labels.length > 2 && !band.length, live: false },
      scales: { x: { time: !isNamed, range: kind === "bars" ? (_, low, high) => [low - 0.6, high + 0.6] : undefined }, y: fromZero },
      series: [{ label: table.labels[0] }, ...table.labels.slice(1).map((label, index) => ({ label, ...lineOf(index + 1) }))],
      bands: band.length ? [{ series: [Math.max(...band), Math.min(...band)], fill: grid }] : [],
      axes: [
        { stroke: muted, grid: { show: false }, ...horizontal },
        { stroke: muted, grid: { stroke: grid, width: 1 }, values: axisText(table.formats[1]), size: 56 },
      ],
    };
  }

  function draw(figure) {
    const canvas = figure.querySelector(".canvas");
    const table = readTable(figure);
    if (!canvas || !canvas.clientWidth || !table.values[0].length) return figure.classList.add("undrawn");
    canvas.replaceChildren();
    figure.plot?.destroy();
    figure.plot = new uPlot(options(figure, table, canvas.clientWidth), table.values, canvas);
    if (figure.plot.root.querySelector(".u-legend")) canvas.style.height = "auto";
  }

  const drawAll = root => root.querySelectorAll("figure.chart").forEach(draw);
  document.addEventListener("DOMContentLoaded", () => drawAll(document));
  // Each element that was swapped in has an event of its own, also a figure itself.
  document.addEventListener("htmx:afterSettle", () => [...document.querySelectorAll("figure.chart")].filter(figure => !figure.plot).forEach(draw));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(document));
  addEventListener("resize", () => { clearTimeout(draw.timer); draw.timer = setTimeout(() => drawAll(document), 150); });
})();
