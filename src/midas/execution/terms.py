"""On what terms an account trades."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from midas.core.money import QUANTITY_DIGITS, Money
from midas.execution.dealing import Dealing

Lots = Literal["whole", "fractional"]


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """Capital, costs and sizes.

    `commission_bps` replaces the venue's commission and fees on both sides, None keeps them; tax always applies.
    `slippage_bps` moves each fill against us. `volume_cap` is the largest share of a bar's volume a fill may take.
    """

    capital: Money
    commission_bps: float | None = None
    slippage_bps: float = 0.0
    lots: Lots = "whole"
    volume_cap: float = 0.1
    dealing: Dealing = field(default_factory=Dealing)

    @property
    def fraction(self) -> float:
        """Smallest quantity when fractions are traded, else 0."""
        return 10.0**-QUANTITY_DIGITS if self.lots == "fractional" else 0.0
