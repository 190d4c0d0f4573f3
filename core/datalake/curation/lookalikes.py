"""Coins that the mapping does not name and that may be another coin under a wrapper: with proof.

Nothing is suggested for folding on its name alone. A token is called wrapped or bridged only where
a price says that it is worth what it stands for; one that gains value is called staked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from attrs import frozen

from datalake_aggregation import Mapping as CanonicalMapping

from ..models import CatalogueEntry
from .families import Families
from .names import broken, kind_of
from .prices import Likeness, Prices

Verdict = Literal["wrapped", "bridged", "staked", "unproven"]

#: What each piece of evidence weighs; the sum only orders the list.
WEIGHTS = {
    "name": 3,
    "category": 2,
    "left out": 1,
    "contract": 4,
    "place": 1,
    "price": 2,
    "series": 4,
    "bridge": 0,
}
#: Daily changes of one coin under two names go together so closely.
TOGETHER = 0.8


@frozen
class Evidence:
    """A reason: its kind, one of WEIGHTS, and what was found."""

    kind: str
    text: str


@frozen
class Lookalike:
    """A coin that seems to stand for `canonical`. `verdict` is the kind to list it under, or
    "unproven" where nothing tells what it is worth; `evidence` are the reasons, and `ratio` is its
    price by canonical's. `volume` is of 24 hours, in US dollars."""

    asset: str
    canonical: str
    verdict: Verdict
    score: int
    evidence: tuple[Evidence, ...]
    ratio: float | None = None
    volume: float | None = None


def lookalikes(
    coins: Mapping[str, CatalogueEntry],
    mapping: CanonicalMapping,
    prices: Prices | None,
    assets: Iterable[str] = (),
) -> list[Lookalike]:
    """The look-alikes among the coins, surest first; with `assets` only those of these assets."""
    judge = _Judge(coins, mapping, prices, Families.of(coins, mapping))
    only = {mapping.canonical_of(asset) for asset in assets}
    named = {member.asset for members in mapping.variants.values() for member in members}
    found = (
        judge.judged(entry)
        for asset, entry in coins.items()
        if asset not in named and asset not in mapping.variants and asset not in mapping.alone
    )
    chosen = [one for one in found if one and (not only or one.canonical in only)]
    return sorted(chosen, key=lambda one: (-one.score, -(one.volume or 0), one.asset))


@frozen
class _Judge:
    coins: Mapping[str, CatalogueEntry]
    mapping: CanonicalMapping
    prices: Prices | None
    families: Families

    def judged(self, entry: CatalogueEntry) -> Lookalike | None:
        """What a coin seems to be; None where nothing says that it stands for another."""
        name, asset = entry.asset.name or "", entry.asset.id
        kind = kind_of(name, asset)
        gains = kind == "staked" or "staked" in entry.groups or self.families.wraps_gaining(name)
        canonical = self.families.gains_on(entry) if gains else self._stands_for(entry, kind)
        if canonical is None or canonical == asset:
            return None
        evidence = self._evidence(entry, kind, canonical)
        likeness = self.prices.likeness(asset, canonical) if self.prices else None
        ratio = likeness.ratio if likeness else self._listed_ratio(entry, canonical)
        if ratio is not None:
            evidence.append(self._priced(likeness, ratio, canonical))
        if gains:
            told = ratio is not None or "staked" in entry.groups
            verdict: Verdict | None = "staked" if told else "unproven"
        else:
            verdict = self._verdict(entry, kind, likeness, ratio)
        if word := broken(name, asset):
            text = f'"{word}": a bridge that broke or closed, or a copied chain'
            evidence.append(Evidence("bridge", text))
            verdict = "unproven"
        if verdict is None:
            return None
        score = sum(WEIGHTS[one.kind] for one in evidence)
        return Lookalike(asset, canonical, verdict, score, tuple(evidence), ratio, entry.volume)

    def _stands_for(self, entry: CatalogueEntry, kind: str | None) -> str | None:
        """By a contract that two ids share, by its name, or by its symbol if the provider files it
        under wrapped or bridged: a symbol alone says nothing, dozens share one."""
        if shared := self.families.same_contract(entry):
            return shared[0]
        if kind and (named := self.families.named_by(entry.asset.name or "")):
            return named
        symbol = (entry.asset.symbol or "").casefold()
        return self.families.called(symbol) if entry.groups else None

    def _evidence(self, entry: CatalogueEntry, kind: str | None, canonical: str) -> list[Evidence]:
        found: list[Evidence] = []
        if kind:
            found.append(Evidence("name", f'"{entry.asset.name}" says {kind}'))
        if entry.groups:
            found.append(Evidence("category", f"filed under {', '.join(sorted(entry.groups))}"))
        if entry.secondary:
            found.append(Evidence("left out", "left out of the list by market cap"))
        if shared := self.families.same_contract(entry):
            found.append(Evidence("contract", f"has the same contract on {shared[1]}"))
        base = self.coins.get(canonical)
        elsewhere = set(entry.platforms) - set(base.platforms if base else ())
        if elsewhere and len(elsewhere) == len(entry.platforms):
            found.append(
                Evidence("place", f"on {min(elsewhere)}, where {canonical} has no contract")
            )
        return found

    def _listed_ratio(self, entry: CatalogueEntry, canonical: str) -> float | None:
        base = self.coins.get(canonical)
        if base is None or not base.asset.price or not entry.asset.price:
            return None
        return entry.asset.price / base.asset.price

    def _priced(self, likeness: Likeness | None, ratio: float, canonical: str) -> Evidence:
        if likeness is None:
            return Evidence("price", f"{ratio:.3f} of the price of {canonical} in the list")
        days = f"median of {likeness.days} days to {likeness.through}"
        moves = f"; daily changes correlate at {likeness.correlation:.2f}"
        together = moves if _together(likeness) else ""
        return Evidence("series", f"{ratio:.3f} of the price of {canonical} ({days}{together})")

    def _verdict(
        self,
        entry: CatalogueEntry,
        kind: str | None,
        likeness: Likeness | None,
        ratio: float | None,
    ) -> Verdict | None:
        """One to one, gaining, or unproven; None where prices say that it is something else."""
        wrapper: Verdict = "wrapped" if "wrapped" in (kind, *entry.groups) else "bridged"
        tolerance = self.mapping.guard.tolerance_of(wrapper)
        if ratio is None:
            return "unproven"
        if abs(ratio - 1) <= tolerance:
            # what hardly moves (a stable coin) need not move together
            flat = likeness is None or likeness.spread <= tolerance
            return wrapper if flat or _together(likeness) else None
        return "staked" if likeness and _together(likeness) else None


def _together(likeness: Likeness | None) -> bool:
    return bool(likeness and likeness.correlation and likeness.correlation >= TOGETHER)
