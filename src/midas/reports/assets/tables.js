// Sorting, filtering and paging of tables whose first page is already there.
const compare = (left, right) =>
  left === right ? 0 : left === null ? 1 : right === null ? -1 : left < right ? -1 : 1;

const SIDES = { buy: "▲ buy", sell: "▼ sell" };

const written = ({ kind, digits, suffix, toned }, cell) => {
  if (cell === null) return MISSING;
  if (kind === "time") return moment(cell * 60);
  if (kind === "number") return grouped(cell, digits, toned) + suffix;
  return kind === "side" ? (SIDES[cell] ?? cell) : cell;
};

const make = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};

const liveTable = (host, { rows, page, columns: packed }) => {
  const columns = packed.map((column) => (Array.isArray(column.cells) ? column : { ...column, cells: counts(column.cells) }));
  const body = host.querySelector("tbody");
  const heads = [...host.querySelectorAll("th")];
  let order = Array.from({ length: rows }, (_, row) => row);
  let first = 0;
  let sorted = { column: -1, down: false };

  const cell = (column, row) => {
    const value = column.cells[row];
    const tone = column.toned && value ? (value > 0 ? "gain" : "loss") : "";
    const kind = column.kind === "text" ? "" : column.kind;
    return make("td", { className: `${kind} ${tone}`.trim() }, written(column, value));
  };
  const show = () => {
    const seen = order.slice(first, first + page);
    body.replaceChildren(...seen.map((row) => make("tr", {}, ...columns.map((column) => cell(column, row)))));
    const range = seen.length ? `${first + 1}–${first + seen.length}` : "0";
    host.querySelector("[data-shown]").textContent = `${range} of ${grouped(order.length, 0)}`;
    back.disabled = first === 0;
    next.disabled = first + page >= order.length;
  };
  const arrange = () => {
    const { column, down } = sorted;
    if (column >= 0) {
      const { cells } = columns[column];
      order.sort((left, right) => {
        const [a, b] = [cells[left], cells[right]];
        if (a === null || b === null) return compare(a, b) || left - right;
        return (down ? compare(b, a) : compare(a, b)) || left - right;
      });
    } else order.sort((left, right) => left - right);
    first = 0;
    show();
  };
  const turn = (step) => () => {
    first += step;
    show();
  };
  const back = make("button", { type: "button", onclick: turn(-page) }, "← Back");
  const next = make("button", { type: "button", onclick: turn(page) }, "Next →");
  const names = columns.find((column) => column.label === "Symbol").cells;
  const keep = ({ target }) => {
    const wanted = target.value.trim().toUpperCase();
    order = Array.from({ length: rows }, (_, row) => row).filter((row) => (names[row] ?? "").toUpperCase().includes(wanted));
    arrange();
  };
  const field = make("input", { type: "search", oninput: keep, autocomplete: "off" });
  host.querySelector("[data-tools]").append(
    make("label", {}, "Symbol ", field),
    make("span", { className: "group" }, back, next),
  );
  heads.forEach((head, column) => {
    const sort = () => {
      sorted = { column, down: sorted.column === column && !sorted.down };
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      arrange();
    };
    head.replaceChildren(make("button", { type: "button", onclick: sort }, columns[column].label));
  });
  show();
};
