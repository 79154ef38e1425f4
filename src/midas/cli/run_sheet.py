"""How a run's state looks on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from midas.cli.printer import Column, Printer

if TYPE_CHECKING:
    from midas.wire.runs import AuditLine, Following, RunStatus


def show_status(out: Printer, found: RunStatus) -> None:
    """Print where a run is, what its account has, and what needs a look."""
    run = found.run
    money = f",.{2 if found.currency not in ('KRW', 'JPY') else 0}f"
    out.facts(
        [
            ("run", run.id),
            ("state", f"{run.state}{f': {run.reason}' if run.reason else ''}"),
            ("strategy", run.strategy),
            ("account", f"{run.account} ({found.currency})"),
            ("market", f"{run.feed}{'' if run.at is None else f', at {run.at:%Y-%m-%d %H:%M} UTC'}"),
            ("data", "" if found.following is None else _data(found.following)),
            ("trader", "at work" if found.trader else "none: start one with `midas trader`"),
            ("kill switch", "" if found.kill == "NONE" else found.kill),
            ("cash", f"{found.cash:{money}}"),
            ("equity", "" if found.equity is None else f"{found.equity:{money}}"),
            ("orders", f"{found.orders} ({found.orders_open} open, {found.orders_unknown} unknown)"),
            ("fills", str(found.fills)),
            ("parity", "" if found.parity is None else f"through {found.parity.through}: {found.parity.sentence}"),
        ]
    )
    if found.positions:
        columns = [Column("instrument", keep=True), Column("quantity", right=True), Column("average", right=True)]
        rows = [
            [held.instrument, f"{held.quantity:f}", "" if held.average_price is None else f"{held.average_price:.4f}"]
            for held in found.positions
        ]
        out.table(columns, rows)
    out.warn([f"{name} is in quarantine: {why}" for name, why in found.quarantined.items()])
    if found.kill == "FLATTEN":
        out.warn([left_alone(name, run.account) for name in found.quarantined])
    out.warn([f"{line.subject}: {line.act.partition('.')[2]}: {line.detail.get('why', '')}" for line in found.alerts])


def left_alone(instrument: str, account: str) -> str:
    """Return what to say of an instrument that FLATTEN leaves alone as it is in quarantine."""
    return (
        f"{instrument} of {account} is in quarantine and not flattened, as what is held of it is not certain: look at "
        f"`midas risk quarantine list`, then `midas risk quarantine release {instrument} --account {account}`; "
        "it is closed then, as long as the switch stands at FLATTEN."
    )


def _data(told: Following) -> str:
    if told.since is None:
        return "not told yet"
    bar = "" if told.last_bar is None else f"last bar {told.last_bar:%Y-%m-%d %H:%M} UTC, "
    left = [f"{many} rows {what}" for many, what in ((told.corrected, "corrected later"), (told.late, "late")) if many]
    return ", ".join([f"{bar}waits for more since {told.since:%Y-%m-%d %H:%M} UTC", *left])


def audit_row(line: AuditLine) -> list[str]:
    """Return a line of the trail as cells."""
    detail = ", ".join(f"{name} {value}" for name, value in line.detail.items() if value not in ("", None))
    return [str(line.n), f"{line.at:%m-%d %H:%M:%S}", line.who, line.act, line.subject, detail]
