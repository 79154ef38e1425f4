"""Why orders came to nothing: each reason there is has its sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl

from midas.core.order import Reject
from midas.reports.trades import rejects_html, rejects_table


def test_every_reason_is_explained(sheet):
    reasons = [reason.value for reason in Reject]
    rejects = pl.DataFrame(
        {
            "ts": [date(2024, 1, 2)] * len(reasons),
            "symbol": [None, *["AAA.XNAS"] * (len(reasons) - 1)],
            "side": ["buy"] * len(reasons),
            "quantity": [None, *[1.0] * (len(reasons) - 1)],
            "reason": reasons,
        }
    )
    shown = replace(sheet, rejects=rejects)
    html = rejects_html(shown, rejects_table(shown)).source
    for reason in reasons:
        assert f">{reason}</th>" in html
    assert html.count("<td></td>") == 0
