"""How the members of an asset become one value."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw


def tokens(rows: Any, column: str) -> Any:
    """How many of an asset's tokens have a value in the column on that day."""
    return rows.group_by("date", "canonical_id").agg(
        nw.col(column).count().cast(nw.Float64).alias(column)
    )
