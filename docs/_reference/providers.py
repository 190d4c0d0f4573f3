"""What the built-in providers offer: plans, datasets and their columns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import distribution

from datalake import Dataset, Plan, Provider
from datalake.plugins import GROUP, Registry, load

from .markdown import code, table


def registry() -> Registry:
    """The plugins of our own distribution, whatever else is installed."""
    ours = distribution("crypto-datalake").entry_points
    return load(one.name for one in ours if one.group == GROUP)


def text() -> str:
    """A section for each provider."""
    return "\n\n".join(part for one in registry().providers.values() for part in _provider(one))


def _provider(provider: Provider) -> Iterator[str]:
    yield f"## {provider.title}"
    where = f" Keys come from <{provider.keys_url}>." if provider.keys_url else ""
    yield f"Its name is `{provider.name}`.{where}"
    heads = ("plan", "key", "calls a minute", "calls in all", "how far back")
    yield table(heads, map(_plan, provider.plans))
    for dataset in provider.datasets:
        yield from _dataset(provider, dataset)


def _plan(plan: Plan) -> tuple[str, ...]:
    limit = plan.quota and plan.quota.limit
    return (
        code(plan.name),
        code(plan.key.variable) if plan.key else "none",
        f"{plan.rate.calls / plan.rate.seconds * 60:g}",
        f"{limit:,} a {plan.quota.per}" if plan.quota and limit else "",
        f"{plan.reach.days} days" if plan.reach else "all",
    )


def _dataset(provider: Provider, dataset: Dataset) -> Iterator[str]:
    yield f"### `{provider.name}.{dataset.name}`"
    unasked = ", ".join(sorted(dataset.plans)) if dataset.plans else "every plan"
    yield (
        f"Stamped with the {dataset.stamp.value}; from {dataset.since}; a day has settled "
        f"{_span(dataset.settle)} after its end; fetched unasked on "
        f"{unasked}; {'has' if dataset.snapshot else 'has no'} snapshots of the open day."
    )
    rows = (
        (code(name), one.unit, one.type, _bounds(one.minimum, one.maximum), one.meaning)
        for name, one in dataset.columns.items()
    )
    yield table(("column", "unit", "type", "bounds", "what it is"), rows)


def _span(span: timedelta) -> str:
    minutes = span.total_seconds() / 60
    return f"{minutes:g} minutes" if minutes % 60 else f"{minutes / 60:g} hours"


def _bounds(low: float | None, high: float | None) -> str:
    ends = (("from", low), ("to", high))
    return " ".join(f"{word} {value:g}" for word, value in ends if value is not None)
