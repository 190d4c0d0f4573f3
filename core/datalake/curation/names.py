"""What a coin's name says of it: that it is wrapped, bridged or staked, and what it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Words of tokens that gain or pay out value. They go before all others: a bridged staked token is
#: still no coin that can be had back one to one.
_STAKED = re.compile(
    r"\b(re|un)?stak(ed?|ing)\b|\bliquid\b|\blst\b|\blrt\b|\byields?\b|\bsavings?\b|\bearn(ing)?\b|"
    r"\binterest\b|\blend(ing)?\b|\bdeposit(ed)?\b|\baave\b|\bcompound\b|\bvaults?\b|\bstrategy\b|"
    r"\bleveraged?\b|\bindex\b|\bpool\b|\blp\b"
)
_BRIDGED = re.compile(
    r"\bbridged?\b|\bpeg(ged)?\b|\bwormhole\b|\baxelar\b|\blayerzero\b|\bportal\b"
)
_WRAPPED = re.compile(r"\bwrapped\b")
#: Bridges that broke or closed, and forks that copied balances: whatever their tokens are called,
#: nobody gives the coin back for them.
_BROKEN = re.compile(
    r"multichain|anyswap|pulsechain|harmony|horizon|nomad|sollet|heco|huobi|\bren\b|renbtc|ethereumpow"
)
_BRACKETS = re.compile(r"\s*[(\[].*?[)\]]")
#: What may come before or after the name of the coin that a token stands for.
_AFTER = re.compile(
    r"^(?:.*\s)?(?:bridged|wrapped|pegged|peg|portal|(?:re)?staked|staking|savings)\s+(.+)$"
)
_BEFORE = re.compile(r"^(.+?)\s+(?:bridged|wrapped|pegged|bridge)$")


def kind_of(name: str, coin_id: str) -> str | None:
    """ "staked", "bridged" or "wrapped", by the words of a name and an id; None where they say
    nothing."""
    words = _plain(f"{name} {coin_id}").replace("vaultbridge", "")
    for kind, pattern in (("staked", _STAKED), ("bridged", _BRIDGED), ("wrapped", _WRAPPED)):
        if pattern.search(words):
            return kind
    return None


def broken(name: str, coin_id: str) -> str | None:
    """The word that tells of a bridge without a way back, or of a copied chain, if there is one."""
    found = _BROKEN.search(_plain(f"{name} {coin_id}"))
    return found[0] if found else None


def stands_for(name: str) -> Iterator[str]:
    """The names (or symbols) that a token of this name may stand for, likeliest first:
    "Arbitrum Bridged WETH (Arbitrum One)" gives "weth", "Bridged Wrapped Bitcoin" gives
    "wrapped bitcoin" and "bitcoin"."""
    rest = _plain(_BRACKETS.sub("", name)).strip()
    found = _AFTER.match(rest) or _BEFORE.match(rest)
    if found:
        # "bridged wrapped bitcoin": the greedy pattern took the innermost; the outer is likelier
        outer = re.split(r"\b(?:bridged|peg)\s+", rest, maxsplit=1)[-1]
        yield from dict.fromkeys([outer, found[1]])


def bare_symbols(symbol: str) -> Iterator[str]:
    """The symbols that one with a letter more stands for: "weth" gives "eth", "usdc.e" "usdc"."""
    for prefix in ("w", "axl"):
        if symbol.startswith(prefix) and len(symbol) > len(prefix) + 1:
            yield symbol[len(prefix) :]
    for suffix in (".e", ".b"):
        if symbol.endswith(suffix):
            yield symbol[: -len(suffix)]


def _plain(text: str) -> str:
    return re.sub(r"[-_\s]+", " ", text.casefold())
