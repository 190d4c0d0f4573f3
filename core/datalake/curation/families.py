"""What the coins are called that others may stand for, and where their contracts are."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from datalake_aggregation import Mapping as CanonicalMapping

from ..models import CatalogueEntry
from .names import bare_symbols, kind_of, stands_for

#: A shorter symbol at the end of another one is chance.
SHORTEST = 3


@frozen
class Families:
    """Names, symbols and contracts of canonical assets and of what is folded into them; and the
    names of tokens that gain value on one, which stand for it and are not it."""

    names: dict[str, str] = field(factory=dict)
    contracts: dict[tuple[str, str], str] = field(factory=dict)
    gaining: dict[str, str | None] = field(factory=dict)

    @classmethod
    def of(cls, coins: Mapping[str, CatalogueEntry], mapping: CanonicalMapping) -> Families:
        """Of a name that several coins have, the largest one's is meant."""
        families = cls()
        staked = {
            member.asset: canonical
            for canonical, members in mapping.variants.items()
            for member in members
            if member.kind not in mapping.merge
        }
        for entry in sorted(coins.values(), key=lambda one: -(one.asset.market_cap or 0)):
            asset = entry.asset.id
            if asset in staked or "staked" in entry.groups:
                for word in _called(entry):
                    families.gaining.setdefault(word, staked.get(asset))
            elif _is_base(entry, mapping):
                families._add(entry, mapping.canonical_of(asset))
        return families

    def _add(self, entry: CatalogueEntry, canonical: str) -> None:
        for word in _called(entry):
            self.names.setdefault(word, canonical)
        for place in entry.platforms.items():
            self.contracts.setdefault(place, canonical)

    def named_by(self, name: str) -> str | None:
        """The canonical asset that a wrapper of this name stands for."""
        for words in stands_for(name):
            if words in self.gaining:
                return None
            if found := self.called(words):
                return found
        return None

    def called(self, word: str) -> str | None:
        """The canonical asset with this name or symbol, a wrapper's letter taken off."""
        words = [word, *bare_symbols(word)]
        return next((self.names[one] for one in words if one in self.names), None)

    def gains_on(self, entry: CatalogueEntry) -> str | None:
        """The canonical asset on which a staked token of this name and symbol gains."""
        for words in stands_for(entry.asset.name or ""):
            if found := self.gaining.get(words) or self.called(words):
                return found
        symbol = (entry.asset.symbol or "").casefold()
        ends = (symbol[start:] for start in range(len(symbol) - SHORTEST + 1))
        return next((self.names[end] for end in ends if end in self.names), None)

    def wraps_gaining(self, name: str) -> bool:
        """Whether a name says that it is a wrapper of a token that gains value."""
        return any(words in self.gaining for words in stands_for(name))

    def same_contract(self, entry: CatalogueEntry) -> tuple[str, str] | None:
        """The canonical asset that has a contract of this coin, too, and its chain."""
        for chain, address in entry.platforms.items():
            if canonical := self.contracts.get((chain, address)):
                return canonical, chain
        return None


def _called(entry: CatalogueEntry) -> list[str]:
    return [word.casefold() for word in (entry.asset.name, entry.asset.symbol) if word]


def _is_base(entry: CatalogueEntry, mapping: CanonicalMapping) -> bool:
    if mapping.canonical_of(entry.asset.id) != entry.asset.id or entry.asset.id in mapping.variants:
        return True
    # a coin of its own: large enough to be listed with a market cap, and nobody's token
    token = entry.groups or entry.secondary or kind_of(entry.asset.name or "", entry.asset.id)
    return bool(entry.asset.market_cap) and not token
