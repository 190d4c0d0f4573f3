"""DefiLlama's recorded lists, put together, and what the provider's own code makes of them."""

from __future__ import annotations

import gzip
import json

import msgspec

from datalake_defillama.lists import Chain, Markets, Protocol
from datalake_defillama.resolve import find, largest_chain, listed, located

# Of the day nearest to the token directory's (2026-04-20) and to the last list of 250 coins
CHAINS = "v2_chains_2026-04-25.json"
MARKETS = "overview_dexs_2026-04-25.json"
FEES = "overview_fees_2026-07-09.json.gz"


class Llama:
    """DefiLlama's recorded lists, and what the provider's own code makes of them."""

    def __init__(self, folder, mapping):
        self.given = mapping.native_ids
        self.chains = msgspec.json.decode((folder / CHAINS).read_bytes(), type=list[Chain])
        self.markets = msgspec.json.decode((folder / MARKETS).read_bytes(), type=Markets)
        self.known, held = known(folder), locking(folder)
        self.protocols = [row for row in self.known.values() if held.get(row.id, True)]
        self.numbers = {row.slug: row.id for row in self.protocols}
        labels = json.loads((folder / "sdk_chain_labels_5.0.235.json").read_text())
        self.labels = labels["chainKeyToChainLabelMap"]

    def chain(self, asset):
        """`chain:NAME`, or None."""
        return self._resolve("chain_tvl", asset, lambda: largest_chain(asset, self.chains))

    def protocol(self, asset):
        """`parent:…`, `children:…`, `protocol:…`, or None."""

        def by_rule():
            found = find(asset, self.protocols)
            return located(found, self.protocols) if found else None

        return self._resolve("protocol_tvl", asset, by_rule)

    def volume(self, asset):
        """The same, or a chain, whose DEX volume it is."""

        def by_rule():
            rows = [row for row in self.chains if row.name in self.markets.chains]
            found = find(asset, self.protocols)
            return largest_chain(asset, rows) or (found and listed(found, self.markets))

        return self._resolve("dex_volume", asset, by_rule)

    def number(self, native_id):
        """DefiLlama's number of a protocol, or `parent#…`."""
        kind, _, slug = (native_id or "").partition(":")
        return self.numbers.get(slug) if kind == "protocol" else native_id and f"parent#{slug}"

    def _resolve(self, dataset, asset, by_rule):
        """What the mapping says, be it nothing, comes before the provider's rule."""
        given = self.given[f"defillama.{dataset}"]
        return given[asset] if asset in given else by_rule()


def known(folder):
    """Every protocol that is recorded: {number: as a row of `/protocols`}.

    No whole recording of `/protocols` is younger than 2024-02. Names, categories and families are
    those of the lists of markets and of fees of 2026; which token is whose is known of 2024 alone.
    """
    told = json.loads((folder / "facts_server_protocols_2024-02-09.json").read_text())
    old = {row["id"]: row for row in told}
    with gzip.open(folder / FEES) as stream:
        rows = [*json.load(stream)["protocols"]]
    rows += json.loads((folder / MARKETS).read_text())["protocols"]
    new = {str(row["defillamaId"]): row for row in rows}
    found = {}
    for number in {**old, **new}:
        row, token = new.get(number) or old[number], old.get(number, {}).get("gecko_id")
        parent = row.get("parentProtocol")
        found[number] = Protocol(number, row["slug"], token, row["category"], 1.0, parent)
    return found


def locking(folder):
    """The numbers that held value in 2025-03, and those that did not."""
    told = json.loads((folder / "facts_protocol_metadata_2025-03-06.json").read_text())
    return {row["id"]: bool(row.get("tvl")) for row in told}
