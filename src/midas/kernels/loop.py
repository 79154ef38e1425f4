"""One loop per operator, made from its step.

A step says what happens to one value. The loop around it (rows outside, LANES lanes inside, so that the compiler
vectorises across instruments) is written here, once per form, and filled in with the step. It is compiled twice: for
tiles of 32 lanes, a number the compiler knows, and for narrower ones, as wide as they are told. Loops are called
through the address of their machine code, so one driver runs them all and a new graph never waits for a compiler.

Every loop over time has the arguments

    out, a, b, c : rows of lanes; bit i of `constants` says that input i is one row that stands for all
    state        : what is carried from row to row, all NaN before the first
    params       : the operator's numbers
    n, constants, row, rows : first number as a whole one, see above, absolute index of the first row, how many rows
    lanes        : how many lie side by side
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import FunctionType
from typing import cast

from midas.kernels.compiled import MachineCode, machine_code
from midas.kernels.lanes import LANES

Step = Callable[..., float]
Steps = Callable[..., tuple[float, ...]]

TIME_POINTERS, TIME_INTEGERS = 6, 5
ROW_POINTERS, ROW_INTEGERS = 5, 7
TOLD = ", lanes):"
"""How a loop's first line ends. Its body says LANES, which is 32 unless the last argument is called that."""


@dataclass(frozen=True)
class Loop:
    """The loop of one operator: `across` reads whole rows of the market, others one tile over time.

    `width` counts the state's doubles per lane, `per_row` those that grow with the window.
    """

    name: str
    source: str
    steps: tuple[tuple[str, FunctionType], ...]
    width: int = 0
    per_row: int = 0
    across: bool = False

    def state(self, n: int, lanes: int = LANES) -> int:
        """Return the doubles of state one tile needs."""
        return (self.width + self.per_row * n) * lanes

    @property
    def flat(self) -> bool:
        """Whether a result hangs on the inputs at its own row and lane alone."""
        return not (self.across or self.width or self.per_row or "row + r" in self.source)

    @property
    def address(self) -> int:
        """Where the machine code for tiles of 32 lanes is."""
        return self._code.address

    @property
    def narrow_address(self) -> int:
        """Where the machine code for narrower tiles is."""
        return self._narrow_code.address

    # Compiled, or read from the kernel folder, when first asked for.
    @cached_property
    def _code(self) -> MachineCode:
        return self._compiled(self.source, {"LANES": LANES})

    @cached_property
    def _narrow_code(self) -> MachineCode:
        return self._compiled(self.source.replace(TOLD, TOLD.replace("lanes", "LANES"), 1), {})

    def _compiled(self, source: str, constants: dict[str, int]) -> MachineCode:
        pointers, integers = (ROW_POINTERS, ROW_INTEGERS) if self.across else (TIME_POINTERS, TIME_INTEGERS)
        return machine_code(source, f"{self.name}_loop", dict(self.steps), pointers, integers, constants)


def pointwise(inputs: int, params: int = 0) -> Callable[[Step], Loop]:
    """Make the loop of a step `(*inputs, *params) -> value`."""

    def make(function: Step) -> Loop:
        return _stepped(cast("FunctionType", function), inputs, 0, params, reads_row=False)

    return make


def recursive(inputs: int, states: int, params: int = 0, *, reads_row: bool = False) -> Callable[[Steps], Loop]:
    """Make the loop of a step `(*inputs, *states, [row], *params) -> (value, *states)`; states begin as NaN."""

    def make(function: Steps) -> Loop:
        return _stepped(cast("FunctionType", function), inputs, states, params, reads_row=reads_row)

    return make


def _stepped(function: FunctionType, inputs: int, states: int, params: int, *, reads_row: bool) -> Loop:
    head, take = taken(inputs)
    head += [f"states = carray(state, ({states}, LANES))"] if states else []
    head += [f"s{k} = states[{k}]" for k in range(states)]
    head += [f"numbers = carray(params, ({params},))"] if params else []
    head += [f"p{k} = numbers[{k}]" for k in range(params)]
    held = [f"s{k}[i]" for k in range(states)]
    given = [f"v{k}[i]" for k in range(inputs)] + held + ["row + r"] * reads_row + [f"p{k}" for k in range(params)]
    lines = [f"    {line}" for line in [*head, "for r in range(rows):"]]
    lines += [f"        {line}" for line in take]
    lines += ["        for i in range(LANES):"]
    lines += [f"            {', '.join(['w[i]', *held])} = step({', '.join(given)})"]
    source = time_head(function.__name__) + "\n".join(lines) + "\n"
    return Loop(function.__name__, source, (("step", function),), width=states)


def time_head(name: str) -> str:
    """Return the first line of a loop over time."""
    return f"def {name}_loop(out, a, b, c, state, params, n, constants, row, rows{TOLD}\n"


def taken(inputs: int) -> tuple[list[str], list[str]]:
    """Return the lines before a loop over rows, and those that begin its body: inputs v0, v1, … and result w."""
    lanes = range(inputs)
    head = ["y = carray(out, (rows, LANES))"]
    head += [f"x{k} = carray({'abc'[k]}, (rows, LANES)); k{k} = 0 if constants & {1 << k} else 1" for k in lanes]
    return head, ["w = y[r]", *(f"v{k} = x{k}[r * k{k}]" for k in lanes)]


def window(
    name: str, width: int, lift: Callable[..., object], join: Callable[..., object], out: Step, inputs: int = 1
) -> Loop:
    """Make the loop of a monoid over the last n rows, in blocks of n aligned to the absolute row (van Herk).

    `lift(*inputs)` makes one row's parts, `join(n_left, *left, n_right, *right)` merges two neighbouring runs,
    `out(n, *parts)` is the result; with `width` 1 parts are a number, else a tuple. A window is the suffix of the block
    before joined with the prefix of its own, so nothing is ever subtracted: no drift, NaN leaves with the window, and
    batch, chunk and single row agree to the bit from any start n - 1 rows earlier.

    State: n rows of parts, below the current position values of this block, above it suffixes of the last; then the
    prefix.
    """
    source = time_head(name) + _window_body(width, inputs)
    steps = (("lift", lift), ("join", join), ("out_of", out))
    return Loop(name, source, cast("tuple[tuple[str, FunctionType], ...]", steps), width=width, per_row=width)


def _window_body(width: int, inputs: int) -> str:
    def each(shape: str, joined: str = ", ") -> str:
        return joined.join(shape.format(k) for k in range(width))

    def rows(letter: str, index: str) -> str:
        return each(f"{letter}{{0}} = store[{{0}}, {index}]", "; ")

    prefix, here, later, value = each("p{0}[i]"), each("h{0}[i]"), each("q{0}[i]"), each("t{0}")
    head, take = ("; ".join(lines) for lines in taken(inputs))
    lifted = f"lift({', '.join(f'v{k}[i]' for k in range(inputs))})"
    lanes = "for i in range(LANES):"
    return f"""
    {head}
    store = carray(state, ({width}, n + 1, LANES))
    {rows("p", "n")}
    at = row % n
    for r in range(rows):
        {take}
        {rows("h", "at")}
        if at == 0:
            {lanes}
                {prefix} = {lifted}
        else:
            {lanes}
                {value} = {lifted}
                {prefix} = join(at, {prefix}, 1, {value})
        at += 1
        if at < n:
            {rows("q", "at")}
            {lanes}
                {here} = {lifted}
                {value} = join(n - at, {later}, at, {prefix})
                w[i] = out_of(n, {value})
        else:
            {lanes}
                {here} = {lifted}
                w[i] = out_of(n, {prefix})
            for back in range(1, n):
                {rows("h", "n - 1 - back")}
                {rows("q", "n - back")}
                {lanes}
                    {here} = join(1, {here}, back, {later})
            at = 0
"""
