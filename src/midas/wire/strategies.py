"""Strategies, as shown, stored and referred to."""

from __future__ import annotations

from typing import Self

from pydantic import Field, JsonValue, model_validator

from midas.wire.shape import Answer, Question, Scalar

MAX_YAML = 100_000
"""Longest strategy file that is accepted, in characters."""


class ParamInfo(Answer):
    """A declared parameter: what it may be and what it is when nobody says; `kind` is bool, int, float or str."""

    name: str
    kind: str
    default: Scalar
    low: Scalar = None
    high: Scalar = None
    choices: list[Scalar] = Field(default=[])
    summary: str = ""


class Strategy(Answer):
    """A strategy of the library, or one version of a stored one; `yaml` is its text."""

    name: str
    source: str
    version: int
    summary: str
    doc: str
    params: list[ParamInfo]
    every: str
    yaml: str
    warm_up: int


class BiasFinding(Answer):
    """What one check of a strategy on data found: `fine`, `warning`, or `leak` where it knows the future."""

    check: str
    verdict: str
    sentence: str


class BiasReport(Answer):
    """Every check, and the gravest verdict of all."""

    verdict: str
    findings: list[BiasFinding]


class StrategyCheck(Answer):
    """What a strategy reads and needs, or in `messages` why it cannot be built.

    `bias` is what came of running it on disturbed data; null where no data were named. `ok` is false with a leak.
    """

    ok: bool
    name: str
    warm_up: int | None
    operators: list[str]
    fields: list[str]
    every: str | None
    params: list[ParamInfo]
    messages: list[str]
    bias: BiasReport | None = None


class PlanStep(Answer):
    """One loop of a plan; #3 in `text` stands for what step 3 makes.

    `stage` is over time, across the market, or value by value; `readers` above 1 is shared; `warm_up` and `share` count
    rows, `endless` remembers all there was; `state_bytes` is for each instrument, `ns` for each value on one core.
    """

    number: int
    text: str
    stage: str
    rows: str
    readers: int
    warm_up: int
    endless: bool
    state_bytes: int
    ns: float | None
    share: float
    bars: str


class StrategyPlan(Answer):
    """What is computed for a strategy, and what that costs.

    `written` operators become as many steps as listed; `rows_apart` are the rows from one speaking row to the next,
    about. `widened` says why cross-sections run on every row, `path` what depends on where a run begins or on what was
    bought. Bytes are for each instrument: `state_bytes` what is remembered, `kept_bytes` what each row hands on.
    `ns_per_bar` is for a bar of one instrument on one core, the same number as ms for 1,000 instruments and 1,000 bars.
    """

    name: str
    every: str
    rows_apart: int
    fields: list[str]
    written: int
    stages: int
    steps: list[PlanStep]
    warm_up: int
    endless: bool
    widened: list[str]
    path: list[str]
    state_bytes: int
    kept_bytes: int
    ns_per_bar: float


class StrategyRef(Question):
    """Which strategy is meant, said in exactly one way.

    `name` (`mine@3` for one stored version), `yaml` text, canonical `graph` JSON, or that of an earlier `backtest`.
    """

    name: str | None = Field(default=None, min_length=1, max_length=128)
    yaml: str | None = Field(default=None, max_length=MAX_YAML)
    graph: dict[str, JsonValue] | None = None
    backtest: str | None = Field(default=None, min_length=1, max_length=64)

    @model_validator(mode="after")
    def _say_it_once(self) -> Self:
        if sum(given is not None for given in (self.name, self.yaml, self.graph, self.backtest)) != 1:
            raise ValueError("give exactly one of name, yaml, graph and backtest")
        return self


class StrategyCheckRequest(Question):
    """Build a strategy with these parameters; with a universe or symbols also try it on those for bias.

    `timeframe` is a bar's length, such as 5m; null is a day, or that of a dataset named in `universe`.
    """

    strategy: StrategyRef
    params: dict[str, Scalar] = Field(default={}, max_length=100)
    universe: str | None = Field(default=None, max_length=64)
    symbols: list[str] = Field(default=[], max_length=10_000)
    timeframe: str | None = Field(default=None, max_length=8)


class StrategyCreate(Question):
    """Store a strategy under a new name."""

    name: str = Field(min_length=1, max_length=64)
    yaml: str = Field(max_length=MAX_YAML)


class StrategyUpdate(Question):
    """Store a new version; `version` is the one it was edited from, refused when that is no longer the latest."""

    yaml: str = Field(max_length=MAX_YAML)
    version: int | None = Field(default=None, ge=1)
