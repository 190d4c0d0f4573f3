"""Sums that do not depend on the order of their addends, to the last bit, on any engine.

Floating-point addition rounds, so engines that add in another order (threads, partitions, shuffled
rows) disagree in the last bits, and a file would not be the same bytes twice. Each addend is cut
into a coarse and a fine part on grids that are common to its group; parts on one grid add up
without any rounding, and the two sums are added last. The method is the error-free extraction of
Rump, Ogita and Oishi, "Accurate floating-point summation" (2008), with two levels.
"""

from __future__ import annotations

import narwhals.stable.v2 as nw

from datalake_aggregation.engines import Frame

#: Addends of one group that are summed without rounding.
_ADDENDS = 2.0**10
#: From the coarse grid to the fine one; what lies below the fine one is under 2^-80 of the sum.
_FINER = 2.0**-42


def sums(rows: Frame, keys: list[str], columns: list[str]) -> Frame:
    """Return, by keys, the sum of each column's known values; null where none is known."""
    sizes = rows.select(*keys, *(nw.col(name).abs().alias(_largest(name)) for name in columns))
    largest = sizes.group_by(keys).agg(nw.col(_largest(name)).max() for name in columns)
    parts = (
        rows.select(*keys, *columns)
        .join(largest, on=keys, how="left")
        .with_columns(_grid(name).alias(_largest(name)) for name in columns)
        .with_columns(_coarse(name).alias(f"{name} coarse") for name in columns)
        .with_columns(_fine(name).alias(f"{name} fine") for name in columns)
    )
    added = parts.group_by(keys).agg(
        *(nw.col(f"{name} {part}").sum() for name in columns for part in ("coarse", "fine")),
        *(nw.col(name).count().alias(f"{name} known") for name in columns),
    )
    return added.select(
        *keys,
        *(
            nw.when(nw.col(f"{name} known") > 0)
            .then(nw.col(f"{name} coarse") + nw.col(f"{name} fine"))
            .alias(name)
            for name in columns
        ),
    )


def _largest(name: str) -> str:
    return f"{name} largest"


def _grid(name: str) -> nw.Expr:
    """A power of two so large that adding it rounds an addend to the coarse grid of its group."""
    largest = nw.col(_largest(name))
    size = nw.when(largest > 0).then(largest).otherwise(nw.lit(1.0))
    return nw.lit(2 * _ADDENDS) * nw.lit(2.0) ** size.log(2).ceil()


def _coarse(name: str) -> nw.Expr:
    grid = nw.col(_largest(name))
    return (nw.col(name) + grid) - grid


def _fine(name: str) -> nw.Expr:
    rest = nw.col(name) - nw.col(f"{name} coarse")
    grid = nw.col(_largest(name)) * _FINER
    return (rest + grid) - grid
