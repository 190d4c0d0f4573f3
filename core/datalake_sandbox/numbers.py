"""Numbers as CoinGecko prints them: few digits, and no decimals where none are needed."""

from __future__ import annotations

from datetime import datetime

LARGE = 10_000.0


def price_number(value: float, precision: str | None = None) -> float | int:
    """A price: whole when large, two decimals down to 1, six significant digits below.

    `precision` is the API's parameter: "full", or a count of decimals.
    """
    if precision == "full":
        return value
    if precision is not None and precision.isdigit():
        return round(value, int(precision))
    shown = round(value, 2) if value >= 1.0 else float(f"{value:.6g}")
    return whole(shown) if value >= LARGE or shown == round(shown) else shown


def whole(value: float) -> int:
    """An amount of USD without decimals."""
    return round(value)


def iso(when: datetime) -> str:
    """`2026-03-15T10:11:00.492Z`."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"
