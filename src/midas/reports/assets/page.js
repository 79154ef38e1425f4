// Brings the page to life once its data is unpacked.
const start = (data) => {
  const figures = {
    ...data.figures,
    times: seconds(data.figures.times),
    equity: data.figures.equity.map(decimals),
    sharpe: data.figures.sharpe.map(decimals),
  };
  const place = (name) => document.querySelector(`[data-chart="${name}"]`);
  // A chart that can be drawn anew, in the same stretch of time: with another scale, or of another instrument.
  const redrawable = (name, drawer) => {
    const host = place(name);
    if (!host) return () => null;
    const toggle = document.querySelector(`[data-log="${name}"]`);
    let chart = drawer(host, false);
    const again = () => {
      const { min, max } = chart.scales.x;
      forget(chart);
      chart = drawer(host, toggle.getAttribute("aria-pressed") === "true");
      chart.setScale("x", { min, max });
    };
    toggle.addEventListener("click", () => {
      toggle.setAttribute("aria-pressed", toggle.getAttribute("aria-pressed") !== "true");
      again();
    });
    if (chart.data.slice(1).flat().some((value) => value !== null && value <= 0)) {
      toggle.disabled = true;
      toggle.title = "There is a value of zero or below, which has no logarithm.";
    }
    return again;
  };

  redrawable("equity", (host, log) => equityChart(host, figures, data.digits, log));
  if (place("drawdown")) drawdownChart(place("drawdown"), figures);
  if (place("sharpe")) sharpeChart(place("sharpe"), figures);
  const picker = document.querySelector("[data-instrument]");
  const another = redrawable("price", (host, log) => priceChart(host, readBars(data.prices[picker.value]), data, log));
  picker?.addEventListener("change", another);

  for (const button of document.querySelectorAll("[data-years]"))
    button.addEventListener("click", () => {
      const [first, last] = [figures.times[0], figures.times.at(-1)];
      const years = Number(button.dataset.years);
      const min = years ? Math.max(first, last - years * YEAR_S) : first;
      for (const chart of charts) chart.setScale("x", { min, max: last });
    });

  for (const host of document.querySelectorAll("[data-table]")) liveTable(host, data.tables[host.dataset.table]);
};

const fit = (width) => {
  for (const chart of charts) chart.setSize({ width: width ?? chart.root.parentElement.clientWidth, height: chart.height });
};
const repaint = () => charts.forEach((chart) => chart.redraw(false));

addEventListener("resize", () => fit());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
addEventListener("beforeprint", () => {
  document.documentElement.dataset.theme = "paper";
  fit(660);
});
addEventListener("afterprint", () => {
  delete document.documentElement.dataset.theme;
  fit();
});

const fail = (reason) => {
  for (const place of document.querySelectorAll("[data-chart]"))
    place.textContent = `This chart could not be drawn (${reason}). A browser from 2023 or later is needed.`;
};
const ready = () => (document.documentElement.dataset.ready = "");
const load = async () => {
  stored = new Uint8Array(await unpack("arrays").arrayBuffer());
  start(await unpack("data").json());
};
load().then(ready, fail);
