"""DefiLlama's DEX pages: the overview of all, of one chain, and one protocol's summary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from datalake_sandbox import defillama_errors as errors
from datalake_sandbox.defillama_chains import seconds
from datalake_sandbox.dex import Dex, Volumes, averages, totals
from datalake_sandbox.market import Market
from datalake_sandbox.messages import Answer, json_answer
from datalake_sandbox.noise import uniform
from datalake_sandbox.tvl import Tvl
from datalake_sandbox.universe import Parent, Protocol


def _chart(volumes: Volumes) -> list[tuple[int, int]]:
    values = volumes.values.astype(np.int64).tolist()
    return list(zip(seconds(volumes.index), values, strict=True))


def _excluded(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "false").lower() == "true"


def _added(parts: Iterable[Volumes], today: int) -> Volumes:
    whole, there = np.zeros(today + 1), np.zeros(today + 1, dtype=bool)
    for part in parts:
        whole[part.index] += part.values
        there[part.index] = True
    index = np.flatnonzero(there)
    return Volumes(index, whole[index])


class DexPages:
    """Answers about trading volume."""

    def __init__(self, market: Market, dex: Dex, tvl: Tvl) -> None:
        self._market = market
        self._dex = dex
        self._tvl = tvl

    def overview(self, query: Mapping[str, str]) -> Answer:
        """`/overview/dexs`."""
        return self._overview(query, None, self._dex.total(), self._dex.protocols())

    def chain_overview(self, name: str, query: Mapping[str, str]) -> Answer:
        """`/overview/dexs/{chain}`; names match without regard to case."""
        for chain in self._dex.chains():
            if chain.name.lower() == name.lower():
                rows = [row for row in self._dex.protocols() if chain.name in row.chains]
                return self._overview(query, chain.name, self._dex.of_chain(chain), rows)
        return errors.internal()

    def _overview(
        self,
        query: Mapping[str, str],
        chain: str | None,
        volumes: Volumes,
        rows: list[Protocol],
    ) -> Answer:
        charts = not _excluded(query, "excludeTotalDataChart")
        breakdown = not _excluded(query, "excludeTotalDataChartBreakdown")
        names = [chain] if chain else [row.name for row in self._dex.chains()]
        return json_answer(
            {
                "totalDataChart": _chart(volumes) if charts else [],
                "totalDataChartBreakdown": self._breakdown(rows) if breakdown else [],
                "breakdown24h": None,
                "breakdown30d": None,
                "chain": chain,
                "allChains": names,
                **totals(volumes, self._part_of_day()),
                "protocols": [self._row(row, chain) for row in rows],
            }
        )

    def _part_of_day(self) -> float:
        return self._market.now - self._market.today

    def _breakdown(self, rows: list[Protocol]) -> list[tuple[int, dict[str, int]]]:
        days: dict[int, dict[str, int]] = {}
        for row in rows:
            for stamp, value in _chart(self._dex.of_protocol(row)):
                days.setdefault(stamp, {})[row.name] = value
        return sorted(days.items())

    def _row(self, row: Protocol, chain: str | None) -> dict[str, Any]:
        share = self._tvl.weights(row)[chain] if chain else 1.0
        sums = self._sums(row, share)
        return {
            **sums,
            **averages(sums),
            **self._parts(row, sums),
            "defillamaId": row.id,
            "name": row.name,
            "displayName": row.name,
            "module": row.module,
            "category": row.category,
            "logo": f"https://icons.llamao.fi/icons/protocols/{row.slug}",
            "chains": list(row.chains),
            "protocolType": "protocol",
            "methodologyURL": "https://example.org/methodology",
            "methodology": {"Fees": "Simulated"},
            **({"doublecounted": True} if row.doublecounted else {}),
            **self._relatives(row),
            "slug": row.slug,
            "id": row.id,
        }

    def _sums(self, row: Protocol, share: float) -> dict[str, Any]:
        volumes = self._dex.of_protocol(row)
        if row.dex_volume is None:
            whole = int(volumes.values.sum())
            return {"total24h": None, "total48hto24h": None, "totalAllTime": whole}
        part = Volumes(volumes.index, np.round(volumes.values * share))
        return totals(part, self._part_of_day())

    def _parts(self, row: Protocol, sums: Mapping[str, Any]) -> dict[str, Any]:
        """Volume by chain, under a third set of names, and not quite the same sum."""
        if row.dex_volume is None:
            return {"breakdown24h": None, "breakdown30d": None}
        off = 1.0 + 0.11 * uniform(self._market.seed, row.id, "off")
        weights = self._tvl.weights(row)
        keys = {name: self._market.universe.chains[name].key for name in weights}
        spans = {"breakdown24h": "total24h", "breakdown30d": "total30d"}
        return {
            field: {
                keys[name]: {row.name: round((sums.get(total) or 0) * part * off)}
                for name, part in weights.items()
            }
            for field, total in spans.items()
        }

    def _relatives(self, row: Protocol) -> dict[str, Any]:
        if not row.parent:
            return {}
        parent = next(p for p in self._market.universe.parents.values() if p.id == row.parent)
        names = [child.name for child in self._children(parent)]
        return {"parentProtocol": row.parent, "linkedProtocols": [parent.name, *names]}

    def _children(self, parent: Parent) -> list[Protocol]:
        return [row for row in self._dex.protocols() if row.parent == parent.id]

    def summary(self, slug: str, query: Mapping[str, str]) -> Answer:
        """`/summary/dexs/{slug}`, of a protocol or of a parent."""
        parent = self._market.universe.parents.get(slug)
        known = self._dex.protocols()
        rows = self._children(parent) if parent else [row for row in known if row.slug == slug]
        if not rows:
            return errors.no_dexs(slug)
        volumes = _added((self._dex.of_protocol(row) for row in rows), self._market.today)
        first = rows[0]
        chains = sorted({name for row in rows for name in row.chains})
        charts = not _excluded(query, "excludeTotalDataChart")
        breakdown = not _excluded(query, "excludeTotalDataChartBreakdown")
        body: dict[str, Any] = {
            "id": parent.id if parent else first.id,
            "name": parent.name if parent else first.name,
            "url": f"https://example.org/{slug}",
            "description": "Simulated by the sandbox.",
            "logo": f"https://icons.llamao.fi/icons/protocols/{slug}",
            "gecko_id": parent.gecko_id if parent else first.gecko_id,
            "cmcId": None,
            "chains": chains,
            "category": first.category,
            "symbol": parent.symbol if parent else first.symbol,
            "defillamaId": parent.id if parent else first.id,
            "displayName": parent.name if parent else first.name,
            "module": first.module,
            "protocolType": "protocol",
            "slug": slug,
            "totalDataChart": _chart(volumes) if charts else [],
            "totalDataChartBreakdown": self._breakdown(rows) if breakdown else [],
            **(self._sums(first, 1.0) if len(rows) == 1 else self._together(volumes)),
        }
        if parent:
            body["childProtocols"] = [row.name for row in rows]
        else:
            body |= self._relatives(first)
        return json_answer(body)

    def _together(self, volumes: Volumes) -> dict[str, Any]:
        return totals(volumes, self._part_of_day())
