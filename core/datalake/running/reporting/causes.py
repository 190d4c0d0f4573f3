"""Failed series by their cause: a vendor that is down is one thing to tell, not six hundred."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from ..fetching.health import GIVEN_UP

#: What stands for the asset in a cause that several have.
_ASSET = "ASSET"


@frozen
class Cause:
    """Why series of one dataset failed, and of which assets; `stale_through` is the last day that
    stands in for any of them, None where nothing does."""

    dataset: str
    error: str
    assets: Sequence[str]
    stale_through: str | None


def causes(failed: Iterable[Mapping[str, Any]]) -> list[Cause]:
    """The causes of a report's failures, whatever the asset; the most frequent first."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for failure in failed:
        error = failure["error"].removeprefix(GIVEN_UP).replace(failure["asset"], _ASSET)
        found.setdefault((failure["dataset"], error), []).append(failure)
    ranked = sorted(found.items(), key=lambda item: -len(item[1]))
    return [_cause(dataset, error, some) for (dataset, error), some in ranked]


def _cause(dataset: str, error: str, failures: Sequence[Mapping[str, Any]]) -> Cause:
    assets = [failure["asset"] for failure in failures]
    stale = max((failure["stale_through"] or "" for failure in failures), default="")
    named = error.replace(_ASSET, assets[0]) if len(assets) == 1 else error
    return Cause(dataset, named, assets, stale or None)
