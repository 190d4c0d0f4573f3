"""Figures as the field writes them: $1.23B, $0.000012, 53.6."""

from __future__ import annotations

UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))


def dollars(value: float | None) -> str:
    """An amount of US dollars, three significant digits or so; a dash where it is unknown."""
    if value is None:
        return "—"
    for size, unit in UNITS:
        if abs(value) >= size and not (unit == "K" and value < 1e6):
            return f"${value / size:,.2f}{unit}"
    if abs(value) >= 1 or value == 0:
        return f"${value:,.2f}"
    return f"${value:.4g}"


def plain(value: float | None) -> str:
    """A score; a dash where it is unknown."""
    return "—" if value is None else f"{value:,.1f}"


def size(count: int) -> str:
    """A number of bytes."""
    for one, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= one:
            return f"{count / one:,.1f} {unit}"
    return f"{count:,} bytes"


def behind(days: int, assets: int) -> str:
    """How far a column is behind: by days as a whole, or some of its assets only; or nothing."""
    if days:
        return f"{days} d"
    return f"{assets:,} asset{'s' if assets > 1 else ''}" if assets else ""
