// Line charts that share a time axis: hovering or zooming one moves them all.
const DAY_S = 86400;
const YEAR_S = 365.2425 * DAY_S;
const NAME_PX = 92;
const charts = [];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const font = () => `12px ${getComputedStyle(document.body).fontFamily}`;
const narrow = () => innerWidth < 600;

const dayOnAxis = (found) => (_, marks) => {
  const step = marks.length > 1 ? marks[1] - marks[0] : found;
  const from = step >= 360 * DAY_S ? [0, 4] : step >= 27 * DAY_S ? [0, 7] : step >= DAY_S ? [0, 10] : [5, 16];
  return marks.map((mark) => new Date(mark * 1000).toISOString().replace("T", " ").slice(...from));
};

const axis = (extra) => ({
  stroke: () => colour("muted"),
  font: font(),
  grid: { stroke: () => colour("line"), width: 1 },
  ticks: { show: false },
  ...extra,
});

const line = (label, name, extra) => ({
  label,
  ink: name,
  stroke: () => colour(name),
  width: 1.5,
  points: { show: false },
  ...extra,
});

// Without a pointer on the chart the legend shows the last row, so that it always says something.
const showLast = (chart) => {
  if (chart.cursor.idx == null && chart.data[0].length) chart.setLegend({ idx: chart.data[0].length - 1 }, false);
};

// Names each line at its right end, so that nobody has to match colours; lines that end close
// together share the room. On a phone there is no room: the legend and the thicker line must do.
const nameLines = (chart) => {
  if (narrow()) return;
  const { ctx, bbox } = chart;
  const size = 12 * devicePixelRatio;
  const last = chart.valToIdx(chart.scales.x.max);
  const ends = chart.series.slice(1).map((series, row) => ({ series, value: chart.data[row + 1][last] }));
  const shown = ends.filter(({ series, value }) => series.show && value !== null).map(({ series, value }) => ({
    text: series.label,
    ink: series.stroke(),
    y: chart.valToPos(value, "y", true),
  }));
  shown.sort((one, other) => one.y - other.y);
  if (shown.length < 2) return;
  ctx.save();
  ctx.font = `600 ${size}px ${getComputedStyle(document.body).fontFamily}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  let taken = bbox.top - size;
  for (const { text, ink, y } of shown) {
    const free = Math.min(Math.max(y, taken + size * 1.2), bbox.top + bbox.height - size * 0.6);
    ctx.fillStyle = ink;
    ctx.fillText(text, bbox.left + bbox.width + 6 * devicePixelRatio, free);
    taken = free;
  }
  ctx.restore();
};

// One finger along the chart reads values; up and down still scrolls the page.
const readByTouch = (chart) => {
  const read = (event) => {
    const box = chart.over.getBoundingClientRect();
    const touch = event.touches[0];
    chart.setCursor({ left: touch.clientX - box.left, top: touch.clientY - box.top });
  };
  chart.over.addEventListener("touchstart", read, { passive: true });
  chart.over.addEventListener("touchmove", read, { passive: true });
};

const draw = (host, { data, series, y, height, named = false, hooks = {} }) => {
  const chart = new uPlot(
    {
      width: host.clientWidth,
      height: height ?? (narrow() ? 220 : 280),
      padding: [12, !narrow() && named ? NAME_PX : 12, 0, 0],
      tzDate: (second) => uPlot.tzDate(new Date(second * 1000), "Etc/UTC"),
      cursor: { sync: { key: "time", scales: ["x", null] }, drag: { x: true, y: false }, y: false },
      scales: { x: { time: true }, y: y.scale ?? {} },
      axes: [
        axis({ values: dayOnAxis(DAY_S), space: narrow() ? 64 : 90, size: 28 }),
        axis({ values: (_, marks) => marks.map((mark) => (mark === null ? "" : y.mark(mark))), size: narrow() ? 50 : 62, splits: y.splits }),
      ],
      series: [{ label: "Date", value: (_, second) => (second === null ? MISSING : moment(second)) }, ...series],
      legend: { markers: { width: 3, stroke: (chart, row) => `var(--${chart.series[row].ink})`, fill: () => "none" } },
      hooks: { ready: [showLast, readByTouch], setCursor: [showLast], ...hooks, draw: [...(hooks.draw ?? []), ...(named ? [nameLines] : [])] },
    },
    data,
    host,
  );
  charts.push(chart);
  host.dataset.drawn = "";
  return chart;
};

const forget = (chart) => {
  charts.splice(charts.indexOf(chart), 1);
  chart.destroy();
};

// Marks at 1, 2 and 5 times powers of ten, or evenly spaced round numbers where that would give too few.
const logMarks = (_, __, min, max) => {
  const marks = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); power++)
    for (const first of [1, 2, 5]) marks.push(first * 10 ** power);
  const inside = marks.filter((mark) => mark >= min && mark <= max);
  if (inside.length >= 4) return inside;
  const rough = (max - min) / 5;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 5, 10].find((times) => times * unit >= rough);
  const even = [];
  for (let mark = Math.ceil(min / step) * step; mark <= max; mark += step) even.push(mark);
  return even;
};

const upright = (log) => ({
  scale: log ? { distr: 3, range: (_, low, high) => [low / 1.03, high * 1.03] } : {},
  mark: (mark) => short.format(mark),
  splits: log ? logMarks : undefined,
});

const equityChart = (host, figures, digits, log) => {
  const value = (_, amount) => number(amount, digits);
  return draw(host, {
    data: [figures.times, ...figures.equity],
    series: figures.labels.map((label, row) =>
      line(label, row ? "muted" : "strategy", { value, width: row ? 1 : 2, alpha: row ? 0.7 : 1 }),
    ),
    y: upright(log),
    height: narrow() ? 260 : 360,
    named: figures.labels.length > 1,
  });
};

const drawdown = (curve) => {
  let peak = -Infinity;
  return curve.map((value) => value / (peak = Math.max(peak, value)) - 1);
};

const drawdownChart = (host, figures) => {
  const depths = figures.equity.map(drawdown);
  const rank = (chart) => {
    const { ctx } = chart;
    ctx.save();
    ctx.fillStyle = colour("ink");
    ctx.font = `${11 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    figures.falls.forEach((row, order) => {
      const x = chart.valToPos(figures.times[row], "x", true);
      const y = chart.valToPos(depths[0][row], "y", true);
      const { left, top, width, height } = chart.bbox;
      if (x >= left && x <= left + width) ctx.fillText(order + 1, x, Math.min(y + 3 * devicePixelRatio, top + height - 12 * devicePixelRatio));
    });
    ctx.restore();
  };
  const value = (_, depth) => percent(depth);
  return draw(host, {
    data: [figures.times, ...depths],
    series: figures.labels.map((label, row) =>
      row
        ? line(label, "muted", { value, width: 1, alpha: 0.6 })
        : line(label, "loss", { value, fill: () => colour("loss-area") }),
    ),
    y: { scale: { range: (_, low) => [low * 1.12 || -0.01, 0] }, mark: (mark) => percent(mark, 0) },
    hooks: { draw: [rank] },
    named: figures.labels.length > 1,
  });
};

const sharpeChart = (host, figures) => {
  const zero = (chart) => {
    const y = Math.round(chart.valToPos(0, "y", true)) + 0.5;
    const { left, top, width, height } = chart.bbox;
    if (y < top || y > top + height) return;
    chart.ctx.save();
    chart.ctx.strokeStyle = colour("ink");
    chart.ctx.lineWidth = 1;
    chart.ctx.beginPath();
    chart.ctx.moveTo(left, y);
    chart.ctx.lineTo(left + width, y);
    chart.ctx.stroke();
    chart.ctx.restore();
  };
  const value = (_, ratio) => number(ratio, 2);
  return draw(host, {
    data: [figures.times, ...figures.sharpe],
    series: figures.labels.map((label, row) =>
      line(label, row ? "muted" : "strategy", { value, width: row ? 1 : 1.75, alpha: row ? 0.7 : 1 }),
    ),
    y: { mark: (mark) => number(mark, 1) },
    hooks: { drawAxes: [zero] },
    named: figures.labels.length > 1,
  });
};
