"""What is folded at once: some canonical assets, with all that belongs to them.

They do not depend on each other, so that only a batch of them ever needs to be held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from datalake_aggregation import Mapping

T = TypeVar("T")


def batches(
    items: list[T], asset_of: Callable[[T], str], mapping: Mapping, size: int
) -> Iterator[list[T]]:
    """What belongs to `size` canonical assets at a time, in order of their ids; at least one batch.

    Empties `items`, so that what a batch has used can be let go.
    """
    groups: dict[str, list[T]] = {}
    while items:
        one = items.pop()
        groups.setdefault(mapping.canonical_of(asset_of(one)), []).append(one)
    ids = sorted(groups)
    for start in range(0, max(1, len(ids)), size):
        yield [one for asset_id in ids[start : start + size] for one in groups.pop(asset_id)]
