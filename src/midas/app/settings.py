"""What a person may decide about an installation."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_home() -> Path:
    """Return the data home nobody chose: the user's data folder of this system."""
    return Path(platformdirs.user_data_dir("midas", appauthor=False))


class JobSettings(BaseModel):
    """How work that takes a while is done."""

    runner: Literal["inline", "processes"] = "inline"
    """`inline` in a thread of this process, for one-shot commands; `processes` in others, for a server."""
    workers: int = Field(default=1, ge=1, le=16)
    """How many jobs run at once with `processes`; each may use every core."""


class LimitSettings(BaseModel):
    """How large a request may be."""

    body_bytes: int = Field(default=1 << 20, ge=1024)
    """Longest JSON body."""
    upload_bytes: int = Field(default=512 << 20, ge=1024)
    """Largest file taken for import."""


class AuditSettings(BaseModel):
    """How the audit trails are sealed."""

    copy_to: Path | None = None
    """A second file each seal is appended to, best on another machine's disk; see `midas ledger seal`."""
    every_s: float = Field(default=60.0, gt=0)
    """How often a trader seals the trails that grew."""
    every_lines: int = Field(default=1000, ge=1)
    """After so many new lines it does at once."""


class Settings(BaseSettings):
    """Everything that can be set, from `MIDAS_*` variables; nested with two underscores (`MIDAS_JOBS__WORKERS`)."""

    model_config = SettingsConfigDict(
        env_prefix="MIDAS_", env_nested_delimiter="__", frozen=True, hide_input_in_errors=True, extra="ignore"
    )

    home: Path = Field(default_factory=default_home)
    """The data home: database, lake and results."""
    database: SecretStr | None = None
    """`postgresql://USER:PASSWORD@HOST:PORT/NAME`; unset, the database is a SQLite file in the home."""
    jobs: JobSettings = JobSettings()
    """How jobs run."""
    limits: LimitSettings = LimitSettings()
    """How large requests may be."""
    audit: AuditSettings = AuditSettings()
    """How the audit trails are sealed."""
