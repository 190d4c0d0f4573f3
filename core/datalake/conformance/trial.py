"""One provider on trial: what it does with the samples, asked for once and looked at by checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any, TypeVar

import pyarrow as pa
from attrs import field, frozen

from ..errors import ConfigError, FetchError, SchemaError
from ..models import Asset, Dataset, Plan, Provider, Window
from ..plugins import Registry
from ..series import Series, to_series
from ..suggest import did_you_mean
from .outcomes import Unmet, Untried
from .samples import INDEX, Asked, Samples
from .stage import Stage, Visit

T = TypeVar("T")
#: What a series says, by day and column; null is None.
Rows = Mapping[date, Mapping[str, Any]]


@frozen
class Found:
    """An asset that a dataset covers, the provider's own name for it, and the requests by which it
    was found."""

    asset: Asset
    native_id: str
    lists: Sequence[Asked]


@frozen(eq=False)
class Fetched:
    """The series of an asset as the provider gives it when nothing is wrong.

    `raw` is what fetch returned, `rows` are those in the window, and `asked` the requests that it
    took beside the lists.
    """

    found: Found
    raw: Any
    series: Series
    rows: Rows
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
    _known: dict[str, Any] = field(factory=dict)

    def found(self, dataset: Dataset) -> Found:
        """The first asset that the dataset covers. Raises Unmet once, and then Untried."""
        return self._once(f"{dataset.name}.resolve", lambda: self._find(dataset))

    def fetched(self, dataset: Dataset) -> Fetched:
        """The series of that asset. Raises Unmet once, and then Untried."""
        found = self.found(dataset)
        return self._once(f"{dataset.name}.fetch", lambda: self._fetch(dataset, found))

    def _once(self, what: str, make: Callable[[], T]) -> T:
        if what not in self._known:
            try:
                self._known[what] = make()
            except Unmet:
                self._known[what] = Untried(f"not tried: {what} fails, which is told above")
                raise
        known: T | Untried = self._known[what]
        if isinstance(known, Untried):
            raise known
        return known

    def _find(self, dataset: Dataset) -> Found:
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
                return Found(asset, visit.value, visit.asked)
        tried = ", ".join(asset.id for asset in self.samples.assets)
        raise Unmet(
            f"{dataset.name} covers none of the assets in {self.samples.folder / INDEX} ({tried}): "
            "name one there that it does, with symbol, name and market_cap if resolve goes by them"
        )

    def _fetch(self, dataset: Dataset, found: Found) -> Fetched:
        visit = self.fetch(dataset, found.native_id, self.samples.window)
        if visit.error is not None:
            raise Unmet(self.told(visit, f"{dataset.name}.fetch"))
        series = self.series(dataset, visit.value)
        rows = rows_of(series.table, self.samples.window)
        asked = [one for one in visit.asked if one not in found.lists]
        return Fetched(found, visit.value, series, rows, asked)

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
        alike = [one for one in self.samples.answers if one.path == request.path]
        if alike:
            there = near[0] if near else alike[0]
            return f" (that path is answered as {there}: does fetch ask for its window?)"
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
