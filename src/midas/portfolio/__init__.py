"""Portfolios: what was traded, the double-entry ledger, round trips and measures."""
