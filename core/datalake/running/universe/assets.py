"""Which canonical assets a run is about: the provider's list in row order, variants folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from attrs import evolve, frozen

from datalake_aggregation import Mapping

from ...models import Asset

#: Rows read before the list is cut, so that a native further down still gives its asset its place.
#: One call's worth at the vendor: reading it all costs nothing.
FIRST_ROWS = 250


@frozen
class CanonicalAsset:
    """A canonical asset of the universe: its rank there (1 is the largest), what the list says of
    its native (or, where that is not listed, of its first variant), and its members."""

    id: str
    rank: int
    listed: Asset
    members: Sequence[str]


@frozen
class Universe:
    """The canonical assets of a run, largest first, as known at `as_of`."""

    as_of: datetime
    assets: Sequence[CanonicalAsset]

    def cut(self, top: int) -> Universe:
        """The largest `top` of them."""
        return evolve(self, assets=self.assets[:top])


def choose(rows: Iterable[Asset], mapping: Mapping, top: int, as_of: datetime) -> Universe:
    """The first `top` canonical assets of a list that is in order of market cap.

    Rows are taken in their order, never by a vendor's rank. A canonical asset has the place of
    its native; where that is not listed, of its first variant.
    """
    rows = iter(rows)
    seen: list[Asset] = list(islice(rows, FIRST_ROWS))
    places = _places(seen, mapping)
    while len(places) < top and (more := list(islice(rows, top - len(places)))):
        seen += more
        places = _places(seen, mapping)
    return _universe(places, mapping, as_of).cut(top)


def choose_named(
    ids: Sequence[str], rows: Iterable[Asset], mapping: Mapping, as_of: datetime
) -> Universe:
    """The canonical assets of these ids: in order of the list, those not listed at the end."""
    wanted = dict.fromkeys(mapping.canonical_of(asset_id) for asset_id in ids)
    listed = _places(rows, mapping)
    places = {canonical: asset for canonical, asset in listed.items() if canonical in wanted}
    unlisted = {canonical: Asset(canonical) for canonical in wanted if canonical not in places}
    return _universe({**places, **unlisted}, mapping, as_of)


def _places(rows: Iterable[Asset], mapping: Mapping) -> dict[str, Asset]:
    """Canonical id -> the row that gives it its place, in order of place."""
    best: dict[str, tuple[bool, int, Asset]] = {}
    for place, row in enumerate(rows):
        canonical = mapping.canonical_of(row.id)
        claim = (row.id != canonical, place, row)
        if canonical not in best or claim[:2] < best[canonical][:2]:
            best[canonical] = claim
    ordered = sorted(best.items(), key=lambda item: item[1][1])
    return {canonical: row for canonical, (_, _, row) in ordered}


def _universe(places: dict[str, Asset], mapping: Mapping, as_of: datetime) -> Universe:
    return Universe(
        as_of,
        [
            CanonicalAsset(
                canonical, rank, listed, [member.asset for member in mapping.members(canonical)]
            )
            for rank, (canonical, listed) in enumerate(places.items(), start=1)
        ],
    )


def member_assets(universe: Universe) -> Iterator[tuple[CanonicalAsset, Asset]]:
    """Every member of every canonical asset; only the listed one comes with its description."""
    for canonical in universe.assets:
        for member in canonical.members:
            listed = canonical.listed
            yield canonical, listed if member == listed.id else Asset(member)
