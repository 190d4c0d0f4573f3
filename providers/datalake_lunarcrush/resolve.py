"""From an asset to LunarCrush's number for it."""

from __future__ import annotations

import re

from datalake import Asset, Client

from .lists import Coin, coins

_BRACKETS = re.compile(r"[(\[].*?[)\]]")
#: Last words of names that one vendor writes and another leaves out.
_SAYS_LITTLE = frozenset({"hub", "network", "protocol", "token", "coin", "chain"})

#: How far LunarCrush's market cap (from CoinMarketCap) may be from CoinGecko's.
CAP_TOLERANCE = 0.2


def coin_number(asset: Asset, client: Client) -> str | None:
    """The number of the one coin that agrees in symbol and name and market cap.

    Symbols are no identity among 7,500 coins, and a wrong match would not show: where not
    exactly one agrees, or the asset is known by its id alone, there is none.
    """
    return match(asset, coins(client).data)


def match(asset: Asset, coins: list[Coin]) -> str | None:
    """The number of the one coin that is this asset, if there is exactly one.

    Where no name is the very same, one will do that is so without what vendors add or leave out: a
    remark in brackets, as in `POL (ex-MATIC)`, and a last word such as Hub.
    """
    if not (asset.symbol and asset.name and asset.market_cap):
        return None
    cap, symbol = asset.market_cap, _plain(asset.symbol)
    # The size goes first: it costs the least, and rules out nearly all.
    near = [coin for coin in coins if _near(cap, coin.market_cap or 0)]
    near = [coin for coin in near if _plain(coin.symbol) == symbol]
    for words in (_plain, _core):
        name = words(asset.name)
        found = [coin for coin in near if name and words(coin.name) == name]
        if found:
            return str(found[0].id) if len(found) == 1 else None
    return None


def _plain(text: str | None) -> str:
    """Letters and digits alone: `Pump.fun` is `pump fun`."""
    return "".join(sign for sign in (text or "").casefold() if sign.isalnum())


def _core(text: str | None) -> str:
    """A name without a remark in brackets and one last word that says little: `Cosmos Hub` is
    `cosmos`."""
    words = _BRACKETS.sub(" ", text or "").casefold().split()
    if len(words) > 1 and words[-1] in _SAYS_LITTLE:
        words.pop()
    return _plain("".join(words))


def _near(ours: float, theirs: float) -> bool:
    return abs(ours - theirs) <= CAP_TOLERANCE * ours
