// Undoes packing.py, and writes numbers exactly as numbers.py does.
const MISSING = "–";

const unpack = (name) => {
  const text = document.getElementById(name).textContent;
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")));
};

let stored = new Uint8Array();

const counts = ({ at, rows, bytes, steps }) => {
  let before = 0;
  return Array.from({ length: rows }, (_, row) => {
    let code = 0;
    for (let plane = bytes - 1; plane >= 0; plane--) code = code * 256 + stored[at + plane * rows + row];
    if (code === 0) return null;
    const count = code % 2 ? (code - 1) / 2 : -code / 2;
    return steps ? (before += count) : count;
  });
};

const decimals = (found) => {
  const unit = 10 ** found.digits;
  return counts(found).map((count) => (count === null ? null : count / unit));
};

const seconds = (found) => counts(found).map((count) => count * found.unit_s);

const grouped = (count, digits, signed = false) => {
  if (count === null) return MISSING;
  const text = String(Math.abs(count)).padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits).replace(/\B(?=(\d{3})+$)/g, ",");
  const sign = count < 0 ? "-" : signed && count > 0 ? "+" : "";
  return sign + whole + (digits ? "." + text.slice(-digits) : "");
};

const number = (value, digits, signed) =>
  value === null || value === undefined ? MISSING : grouped(Math.round(value * 10 ** digits), digits, signed);

const percent = (value, digits = 2, signed = false) =>
  value === null || value === undefined ? MISSING : number(value * 100, digits, signed) + "%";

const moment = (second) => {
  const text = new Date(second * 1000).toISOString();
  return second % 86400 ? text.slice(0, 16).replace("T", " ") : text.slice(0, 10);
};

const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });
