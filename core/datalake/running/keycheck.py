"""Asks each provider one thing, to see whether it answers and the key that is set is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from attrs import frozen

from ..client import Retry
from ..client.budget import Budget
from ..errors import DatalakeError, NotFound, OverBudget, Refused, Rejected
from ..models import DAY, Asset, Window
from ..plugins import Registry
from .options import Options
from .sources import Source, asked_alone
from .vendors import Vendors

#: Every provider of this field knows it.
ASSET = Asset("bitcoin", "btc", "Bitcoin")


@frozen
class Checked:
    """What came of the one call: `refused` says that key or plan is, `silent` that no answer came,
    `skipped` that nothing was asked."""

    provider: str
    plan: str | None
    state: Literal["ok", "refused", "silent", "skipped"]
    detail: str


def check_keys(
    registry: Registry,
    options: Options,
    environment: Mapping[str, str],
    vendors: Vendors,
) -> Sequence[Checked]:
    """One call to each provider at most, and none is tried again.

    Raises ConfigError for a provider that was asked for by name and lacks its key.
    """
    budget = Budget(dict.fromkeys(registry.providers, 1))
    once = Retry(attempts=1)
    with asked_alone(registry, options, environment, vendors, once, budget) as (asked, left_out):
        checked = [_checked(source) for source in asked]
    skipped = [Checked(one.provider, None, "skipped", one.reason) for one in left_out]
    return sorted([*checked, *skipped], key=lambda one: one.provider)


def _checked(source: Source) -> Checked:
    plan = source.plan
    state, detail = _asked(source)
    if state == "ok":
        detail = f"{plan.key.variable} is taken" if plan.key else "it answers without a key"
    return Checked(source.provider.name, plan.name, state, source.scrub(detail))


def _asked(source: Source) -> tuple[Literal["ok", "refused", "silent"], str]:
    try:
        _ask(source)
    except (OverBudget, NotFound, Rejected):
        return "ok", ""  # the one call is spent, or answered: nobody refused the key
    except Refused as error:
        return "refused", str(error)
    except DatalakeError as error:
        return "silent", str(error)
    except Exception as error:  # foreign code
        return "silent", f"{source.provider.name} broke with {type(error).__name__}: {error}"
    return "ok", ""


def _ask(source: Source) -> None:
    """Ask for the cheapest thing that there is; OverBudget, once the one call is spent."""
    provider, client = source.provider, source.client
    if source.usage:
        source.usage()
    elif provider.universe:
        next(iter(provider.universe(None, client)), None)
    else:
        for dataset in provider.datasets:
            last = dataset.closed_through(client.now)
            native_id = dataset.resolve(ASSET, client)
            if native_id:
                dataset.fetch(native_id, Window(last, last + DAY), client)
