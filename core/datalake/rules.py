"""How far a candidate may stray from what is published before the gate refuses it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from attrs import Attribute, field, frozen

#: Day on day, a value beyond this factor is a jump. Of 58,000 recorded days of 50 coins, close was
#: beyond 2 on four (the crash of March 2020 was 1.8), volume beyond 300 on 35.
JUMPS: Mapping[str, float] = {
    "close": 2.0,
    "market_cap": 3.0,
    "chain_tvl": 3.0,
    "protocol_tvl": 3.0,
    "volume": 300.0,
    "dex_volume": 300.0,
}


def share(_: Any, attribute: Attribute[float], value: float) -> None:
    """Refuse what is no share."""
    if not 0 <= value <= 1:
        raise ValueError(f"{attribute.name} must lie between 0 and 1, not {value:g}")


def not_negative(_: Any, attribute: Attribute[int], value: int) -> None:
    """Refuse numbers below 0."""
    if value < 0:
        raise ValueError(f"{attribute.name} must be 0 or more, not {value}")


def _factors(_: Any, attribute: Attribute[Any], value: Mapping[str, float]) -> None:
    for name, factor in value.items():
        if not 1 < factor < math.inf:
            raise ValueError(f"{attribute.name}: {name} must be more than 1, not {factor:g}")


def _all_factors(given: Mapping[str, float]) -> Mapping[str, float]:
    return {**JUMPS, **given}


@frozen
class GateRules:
    """The bounds that a candidate must keep to; `docs/explanation/gate.md` has their reasons.

    - `min_ratio`: share of the published assets, rows and known values that must still be there.
    - `look_back`: the same share of the most that any of so many last publications had must remain.
    - `max_share`: a finding is broad where it concerns a larger share of the assets, or of their
      market cap.
    - `max_unexplained`: the same share of the assets where nothing explains the finding.
    - `tolerance`: a closed value that moved by less has not changed.
    - `settled_days`: closed days younger than this may still be revised.
    - `stale_days`: a column, or an asset, that ends so long before the last day is stale.
    - `max_frozen`: share of a column's assets that may repeat the day before to the last digit.
    - `max_difference`: how far the price of another provider may be off.
    - `jump`: by column, the factor from one day to the next that is a jump.
    """

    min_ratio: float = field(default=0.9, validator=share)
    look_back: int = field(default=30, validator=not_negative)
    max_share: float = field(default=0.05, validator=share)
    max_unexplained: float = field(default=0.005, validator=share)
    tolerance: float = field(default=0.01, validator=share)
    settled_days: int = field(default=7, validator=not_negative)
    stale_days: int = field(default=3, validator=not_negative)
    max_frozen: float = field(default=0.5, validator=share)
    max_difference: float = field(default=0.2, validator=share)
    jump: Mapping[str, float] = field(factory=dict, converter=_all_factors, validator=_factors)
