// Price of one instrument: a line from afar, candles from near, ▲ where it bought and ▼ where it sold.
const CANDLE_PX = 3;

const sum = (left, right) => left.map((value, row) => (value === null || right[row] === null ? null : value + right[row]));

const readBars = (packed) => {
  const close = decimals(packed.close);
  const open = sum(close, decimals(packed.open_above_close));
  const top = close.map((value, row) => Math.max(value, open[row] ?? value));
  const bottom = close.map((value, row) => Math.min(value, open[row] ?? value));
  const below = decimals(packed.body_above_low).map((value) => (value === null ? null : -value));
  return {
    symbol: packed.symbol,
    digits: packed.close.digits,
    times: seconds(packed.times),
    close,
    open,
    high: sum(top, decimals(packed.high_above_body)),
    low: sum(bottom, below),
    fills: readFills(packed.fills),
  };
};

const readFills = ({ times, bought, price, quantity, commission, tax }) => {
  const [prices, quantities, fees, taxes] = [price, quantity, commission, tax].map(decimals);
  const buys = counts(bought);
  return seconds(times).map((time, row) => ({
    time,
    bought: buys[row] === 1,
    price: prices[row],
    priceDigits: price.digits,
    quantity: quantities[row],
    quantityDigits: quantity.digits,
    commission: fees[row],
    tax: taxes[row],
  }));
};

const inView = (chart) => [chart.valToIdx(chart.scales.x.min), chart.valToIdx(chart.scales.x.max)];

const barWidth = (chart) => {
  const [first, last] = inView(chart);
  return chart.bbox.width / Math.max(last - first, 1) / devicePixelRatio;
};

const isNear = (chart) => chart.scales.x.min != null && barWidth(chart) >= CANDLE_PX;

const drawCandles = (bars) => (chart) => {
  if (!isNear(chart)) return;
  const { ctx, bbox } = chart;
  const y = (value) => chart.valToPos(value, "y", true);
  const half = Math.max(Math.floor((barWidth(chart) * devicePixelRatio * 0.3)), 1);
  const [first, last] = inView(chart);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.strokeStyle = ctx.fillStyle = colour("ink");
  ctx.lineWidth = devicePixelRatio;
  for (let row = first; row <= last; row++) {
    const [open, high, low, close] = [bars.open, bars.high, bars.low, bars.close].map((field) => field[row]);
    if (open === null || high === null || low === null || close === null) continue;
    const x = Math.round(chart.valToPos(bars.times[row], "x", true));
    const top = y(Math.max(open, close));
    const bottom = Math.max(y(Math.min(open, close)), top + 1);
    ctx.beginPath();
    ctx.moveTo(x, y(high));
    ctx.lineTo(x, top);
    ctx.moveTo(x, bottom);
    ctx.lineTo(x, y(low));
    ctx.stroke();
    if (close > open) ctx.strokeRect(x - half, top, 2 * half, bottom - top);
    else ctx.fillRect(x - half, top, 2 * half, bottom - top);
  }
  ctx.restore();
};

const drawFills = (bars) => (chart) => {
  const { ctx, bbox } = chart;
  const size = (narrow() ? 5 : 6) * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.strokeStyle = colour("surface");
  ctx.lineWidth = devicePixelRatio;
  for (const fill of bars.fills) {
    const x = chart.valToPos(fill.time, "x", true);
    if (x < bbox.left - size || x > bbox.left + bbox.width + size) continue;
    const y = chart.valToPos(fill.price, "y", true);
    const away = fill.bought ? size * 1.8 : -size * 1.8;
    ctx.fillStyle = colour(fill.bought ? "gain" : "loss");
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x - size, y + away);
    ctx.lineTo(x + size, y + away);
    ctx.closePath();
    ctx.fill();
    ctx.stroke();
  }
  ctx.restore();
};

const describeFill = (fill, money, currency) => {
  const done = fill.bought ? "▲ bought" : "▼ sold";
  const quantity = number(fill.quantity, fill.quantityDigits);
  const costs = `commission ${number(fill.commission, money)}, tax ${number(fill.tax, money)} ${currency}`;
  return `${moment(fill.time)} ${done} ${quantity} at ${number(fill.price, Math.max(fill.priceDigits, money))}; ${costs}`;
};

const nearestFill = (chart, fills, reach) => {
  let found = null;
  let best = reach;
  for (const fill of fills) {
    const gap = Math.abs(chart.valToPos(fill.time, "x") - chart.cursor.left);
    if (gap < best) [found, best] = [fill, gap];
  }
  return found;
};

const priceChart = (host, bars, { digits, currency }, log) => {
  const told = document.querySelector("[data-fill]");
  const fills = bars.fills.length;
  const rest = `${bars.symbol}: ${fills.toLocaleString("en")} ${fills === 1 ? "fill" : "fills"}. Point at a marker to read it.`;
  told.textContent = rest;
  const tell = (chart) => {
    const fill = chart.cursor.left >= 0 ? nearestFill(chart, bars.fills, 12) : null;
    told.textContent = fill ? describeFill(fill, digits, currency) : rest;
  };
  const places = Math.max(bars.digits, digits);
  const value = (_, price) => number(price, places);
  const candled = bars.open.some((price) => price !== null);
  const ranges = candled ? [["Open", bars.open], ["High", bars.high], ["Low", bars.low]] : [];
  return draw(host, {
    data: [bars.times, ...ranges.map(([, values]) => values), bars.close],
    series: [
      ...ranges.map(([label]) => ({ label, value, stroke: "transparent", width: 0, points: { show: false } })),
      line("Close", "ink", { value, width: 1, stroke: (chart) => (candled && isNear(chart) ? "transparent" : colour("ink")) }),
    ],
    y: upright(log),
    height: narrow() ? 280 : 360,
    hooks: { setCursor: [showLast, tell], draw: candled ? [drawCandles(bars), drawFills(bars)] : [drawFills(bars)] },
  });
};
