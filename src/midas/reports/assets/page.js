// Brings the page to life once its data is unpacked.
const start = (data) => {
  const figures = {
    ...data.figures,
    times: seconds(data.figures.times),
    equity: data.figures.equity.map(decimals),
    sharpe: data.figures.sharpe.map(decimals),
  };
  const place = (name) => document.querySelector(`[data-chart="${name}"]`);
  const drawAt = (name, drawer) => (place(name) ? drawer(place(name)) : null);

  let equity = drawAt("equity", (host) => equityChart(host, figures, data.digits, false));
  drawAt("drawdown", (host) => drawdownChart(host, figures));
  drawAt("sharpe", (host) => sharpeChart(host, figures));

  const log = document.querySelector('[data-log="equity"]');
  log?.addEventListener("click", () => {
    const wanted = log.getAttribute("aria-pressed") !== "true";
    const { min, max } = equity.scales.x;
    log.setAttribute("aria-pressed", wanted);
    forget(equity);
    equity = equityChart(place("equity"), figures, data.digits, wanted);
    equity.setScale("x", { min, max });
  });
  if (log && figures.equity.flat().some((value) => value <= 0)) {
    log.disabled = true;
    log.title = "Equity fell to zero or below; a logarithm of it does not exist.";
  }
  for (const button of document.querySelectorAll("[data-years]"))
    button.addEventListener("click", () => {
      const [first, last] = [figures.times[0], figures.times.at(-1)];
      const years = Number(button.dataset.years);
      const min = years ? Math.max(first, last - years * YEAR_S) : first;
      for (const chart of charts) chart.setScale("x", { min, max: last });
    });

  const picker = document.querySelector("[data-instrument]");
  let price = drawAt("price", (host) => priceChart(host, readBars(data.prices[0]), data));
  picker?.addEventListener("change", () => {
    const { min, max } = price.scales.x;
    forget(price);
    price = priceChart(place("price"), readBars(data.prices[picker.value]), data);
    price.setScale("x", { min, max });
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
