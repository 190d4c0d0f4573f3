"""From an asset to LunarCrush's number for it."""

from __future__ import annotations

from datalake import Asset, Client

from .lists import Coin, coins

#: How far LunarCrush's market cap (from CoinMarketCap) may be from CoinGecko's.
CAP_TOLERANCE = 0.2


def coin_number(asset: Asset, client: Client) -> str | None:
    """The number of the one coin that agrees in symbol and name and market cap.

    Symbols are no identity among 7,500 coins, and a wrong match would not show: where not
    exactly one agrees, or the asset is known by its id alone, there is none.
    """
    return match(asset, coins(client).data)


def match(asset: Asset, coins: list[Coin]) -> str | None:
    """The number of the one coin that is this asset, if there is exactly one."""
    if not (asset.symbol and asset.name and asset.market_cap):
        return None
    cap, names = asset.market_cap, (_plain(asset.symbol), _plain(asset.name))
    # The size goes first: it costs the least, and rules out nearly all.
    near = [coin for coin in coins if _near(cap, coin.market_cap or 0)]
    found = [coin for coin in near if (_plain(coin.symbol), _plain(coin.name)) == names]
    return str(found[0].id) if len(found) == 1 else None


def _plain(text: str | None) -> str:
    """Letters and digits alone: `Pump.fun` is `pump fun`."""
    return "".join(sign for sign in (text or "").casefold() if sign.isalnum())


def _near(ours: float, theirs: float) -> bool:
    return abs(ours - theirs) <= CAP_TOLERANCE * ours
