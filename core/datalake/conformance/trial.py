"""One provider on trial: what it does with the samples, asked for once and looked at by checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any

import pyarrow as pa
from attrs import field, frozen

from ..errors import ConfigError, FetchError, SchemaError
from ..models import Asset, Dataset, Plan, Provider, Window
from ..plugins import Registry
from ..series import Series, to_series
from ..suggest import did_you_mean
from .outcomes import Unmet
from .samples import INDEX, Asked, Samples
from .stage import Stage, Visit

#: What a series says, by day and column; null is None.
Rows = Mapping[date, Mapping[str, Any]]


@frozen(eq=False)
class Fetched:
    """The series of an asset as the provider gives it when nothing is wrong.

    `raw` is what fetch returned, `rows` are those in the window. `lists` are the requests by which
    the asset was found, `asked` the others.
    """

    asset: Asset
    native_id: str
    raw: Any
    series: Series
    rows: Rows
    lists: Sequence[Asked]
    asked: Sequence[Asked]


@frozen(eq=False)
class Trial:
    """A provider, the samples that it is tried on, and the stage where that happens.

    `registry` has what is installed; it is loaded when a check asks for it.
    """

    provider: Provider
    plan: Plan
    samples: Samples
    stage: Stage
    registry: Callable[[], Registry]
    _fetched: dict[str, Fetched] = field(factory=dict)

    def fetched(self, dataset: Dataset) -> Fetched:
        """The series of the first asset that the dataset covers. Raises Unmet."""
        if dataset.name not in self._fetched:
            asset, native_id, lists = self._found(dataset)
            visit = self.fetch(dataset, native_id, self.samples.window)
            if visit.error is not None:
                raise Unmet(self.told(visit, f"{dataset.name}.fetch"))
            series = self.series(dataset, visit.value)
            asked = [one for one in visit.asked if one not in lists]
            self._fetched[dataset.name] = Fetched(
                asset,
                native_id,
                visit.value,
                series,
                rows_of(series.table, self.samples.window),
                lists,
                asked,
            )
        return self._fetched[dataset.name]

    def _found(self, dataset: Dataset) -> tuple[Asset, str, Sequence[Asked]]:
        for asset in self.samples.assets:
            visit = self.resolve(dataset, asset)
            if visit.error is not None:
                raise Unmet(self.told(visit, f"{dataset.name}.resolve"))
            if visit.value is not None:
                if not isinstance(visit.value, str):
                    raise Unmet(
                        f"{dataset.name}.resolve gave {visit.value!r} for {asset.id}: give the "
                        "provider's own name as a text, or None"
                    )
                return asset, visit.value, visit.asked
        tried = ", ".join(asset.id for asset in self.samples.assets)
        raise Unmet(
            f"{dataset.name} covers none of the assets in {self.samples.folder / INDEX} ({tried}): "
            "name one there that it does, with symbol, name and market_cap if resolve goes by them"
        )

    def resolve(self, dataset: Dataset, asset: Asset, **how: Any) -> Visit[str | None]:
        """What comes of resolving an asset."""
        return self.stage.visit(lambda client: dataset.resolve(asset, client), **how)

    def fetch(self, dataset: Dataset, native_id: str, window: Window, **how: Any) -> Visit[Any]:
        """What comes of fetching a window."""
        return self.stage.visit(lambda client: dataset.fetch(native_id, window, client), **how)

    def series(self, dataset: Dataset, raw: Any) -> Series:
        """What the framework makes of what fetch returned. Raises Unmet."""
        try:
            return to_series(dataset, raw, now=self.samples.as_of)
        except SchemaError as error:
            raise Unmet(f"{dataset.name}.fetch: {error}") from None

    def told(self, visit: Visit[Any], what: str) -> str:
        """What went wrong in a visit, for the author."""
        if visit.around:
            return (
                f"{what} tried to reach {', '.join(visit.around)} itself: ask through `client.get`,"
                " which paces, retries, puts the key in and keeps it out of the logs"
            )
        if visit.unanswered and "?" in visit.unanswered[0].path:
            return (
                f"{what} puts a question mark into its path, {visit.unanswered[0].path!r}: give the"
                " query as the second argument of `client.get`, {'from': …, 'to': …}"
            )
        if visit.unanswered:
            request = visit.unanswered[0]
            return (
                f"{what} asks for {request}, and no sample answers it{self._nearest(request)}: add "
                f"it to `answers` in {self.samples.folder / INDEX}, or let `--record` do so"
            )
        if isinstance(visit.error, FetchError):
            return f"{what} failed: {visit.error}"
        return f"{what} broke with {type(visit.error).__name__}: {visit.error}"

    def _nearest(self, request: Asked) -> str:
        near = get_close_matches(str(request), map(str, self.samples.answers), n=1)
        return f" (the nearest one is {near[0]})" if near else ""


def rows_of(table: pa.Table, window: Window) -> Rows:
    """The days of a window in a series, by day."""
    return {
        row.pop("date"): row
        for row in table.to_pylist()
        if window.start <= row["date"] < window.end
    }


def plan_of(provider: Provider, samples: Samples) -> Plan:
    """The plan that the samples are of. Raises ConfigError where the provider has none such."""
    plans = {plan.name: plan for plan in provider.plans}
    if samples.plan is None:
        return provider.plans[0]
    if samples.plan not in plans:
        where = samples.folder / INDEX
        raise ConfigError(f"{where}: no plan {samples.plan!r}{did_you_mean(samples.plan, plans)}")
    return plans[samples.plan]
