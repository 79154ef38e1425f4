"""What is stored."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

# imported so that METADATA is whole for those who take it from here
from midas.db import trading_tables  # noqa: F401
from midas.db.columns import UtcDateTime
from midas.db.metadata import METADATA

STRATEGIES = Table(
    "strategies",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("latest", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

STRATEGY_VERSIONS = Table(
    "strategy_versions",
    METADATA,
    Column("name", String(64), ForeignKey("strategies.name", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("yaml", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

BACKTESTS = Table(
    "backtests",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("identity", String(64), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("strategy", String(128), nullable=False),
    Column("definition", JSON, nullable=False),
    Column("params", JSON, nullable=False),
    Column("universe", String(64)),
    Column("symbols", JSON, nullable=False),
    Column("start", Date),
    Column("end", Date),
    Column("created_at", UtcDateTime, nullable=False),
    Column("summary", JSON, nullable=False),
    Column("costs", JSON, nullable=False),
    Column("warnings", JSON, nullable=False),
    Column("rejects", JSON, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("hypothesis", String(64)),
    Column("evidence", JSON),
    Index("ix_backtests_latest", "created_at", "id"),
    Index("ix_backtests_strategy", "strategy", "created_at"),
)

TRIALS = Table(
    "trials",
    METADATA,
    Column("hypothesis", String(64), primary_key=True),
    Column("configuration", String(64), primary_key=True),
    Column("first_seen_utc", UtcDateTime, nullable=False),
)

JOBS = Table(
    "jobs",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("progress", Float, nullable=False),
    Column("message", Text, nullable=False),
    Column("result_id", String(64)),
    Column("result", JSON),
    Column("error", JSON),
    Column("owner", String(64), nullable=False),
    Column("stop_asked", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
    Index("ix_jobs_latest", "created_at", "id"),
    Index("ix_jobs_state", "state"),
)

SWEEPS = Table(
    "sweeps",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("identity", String(64), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("strategy", String(128), nullable=False),
    Column("universe", String(64)),
    Column("symbols", JSON, nullable=False),
    Column("start", Date),
    Column("end", Date),
    Column("created_at", UtcDateTime, nullable=False),
    Column("metric", String(64), nullable=False),
    Column("sampler", String(16), nullable=False),
    Column("seed", Integer, nullable=False),
    Column("axes", JSON, nullable=False),
    Column("fixed", JSON, nullable=False),
    Column("trials", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("skipped_because", Text, nullable=False),
    Column("best", JSON),
    Column("summary", JSON, nullable=False),
    Column("flatness", Float),
    Column("heat", JSON),
    Column("warnings", JSON, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("hypothesis", String(64), nullable=False),
    Column("evidence", JSON),
    Column("pbo", Float),
    Column("luck", JSON),
    Column("walk_forward", JSON),
    Index("ix_sweeps_latest", "created_at", "id"),
)

EVALUATIONS = Table(
    "evaluations",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("identity", String(64), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("universe", String(64)),
    Column("symbols", JSON, nullable=False),
    Column("start", Date),
    Column("end", Date),
    Column("created_at", UtcDateTime, nullable=False),
    Column("metric", String(64), nullable=False),
    Column("strategies", JSON, nullable=False),
    Column("results", JSON, nullable=False),
    Column("refused", JSON, nullable=False),
    Column("warnings", JSON, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("question", JSON, nullable=False),
    Index("ix_evaluations_latest", "created_at", "id"),
)
