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
    """Build a strategy with these parameters; with a universe or symbols also try it on those for bias."""

    strategy: StrategyRef
    params: dict[str, Scalar] = Field(default={}, max_length=100)
    universe: str | None = Field(default=None, max_length=64)
    symbols: list[str] = Field(default=[], max_length=10_000)


class StrategyCreate(Question):
    """Store a strategy under a new name."""

    name: str = Field(min_length=1, max_length=64)
    yaml: str = Field(max_length=MAX_YAML)


class StrategyUpdate(Question):
    """Store a new version; `version` is the one it was edited from, refused when that is no longer the latest."""

    yaml: str = Field(max_length=MAX_YAML)
    version: int | None = Field(default=None, ge=1)
