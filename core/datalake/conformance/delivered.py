"""Checks of what a provider delivers from its samples: names, columns, days, stamps, the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import islice
from typing import Any

from ..client import Client
from ..errors import NotFound, SchemaError
from ..models import DAY, Asset, Dataset, Window
from ..series import delivered_days, to_open_day
from .outcomes import Dangerous, Unmet, Unproven, Untried
from .trial import Trial

#: So many assets of a universe are looked at.
FIRST = 5


def coverage(trial: Trial, dataset: Dataset) -> None:
    """An asset is found by the provider's own name; one that is not covered is None."""
    trial.found(dataset)
    nobodys = trial.samples.not_covered
    visit = trial.resolve(dataset, nobodys)
    if visit.error is not None:
        told = trial.told(visit, f"{dataset.name}.resolve")
        raise Unmet(
            f"{told} for {nobodys.id!r}, which nobody has: give None for what is not covered; an "
            "error there says that the whole list is down"
        )
    if visit.value is None:
        return
    fetch = trial.fetch(dataset, visit.value, trial.samples.window)
    if fetch.error is None or isinstance(fetch.error, NotFound):
        if _any_rows(trial, dataset, fetch.value):
            raise Dangerous(
                f"{dataset.name} has data for {nobodys.id!r}, which nobody has: resolve took it for"
                f" {visit.value!r}. A wrong match does not show: where several or none fit, None"
            )
        return
    told = trial.told(fetch, f"{dataset.name}.fetch")
    raise Unmet(
        f"{nobodys.id!r} is not covered, and {told}. Let resolve give None, or `classify` name "
        "NotFound for the vendor's words"
    )


def _any_rows(trial: Trial, dataset: Dataset, raw: Any) -> bool:
    return raw is not None and len(trial.series(dataset, raw).table) > 0


def values(trial: Trial, dataset: Dataset) -> None:
    """Every declared column comes, of its type, with values within its limits."""
    fetched = trial.fetched(dataset)
    if not fetched.rows:
        asked = f" It asked for {fetched.asked[0]}." if fetched.asked else ""
        raise Unmet(
            f"{dataset.name} has no row in the window of {_span(trial)}.{asked} Are those the "
            "days, in the vendor's unit of time, and does its answer hold them?"
        )
    for name in dataset.columns:
        if all(row[name] is None for row in fetched.rows.values()):
            raise Unmet(
                f"{dataset.name}: column {name!r} is null on every day: does the answer call it "
                "otherwise? A field that is missing must not be read as null"
            )
    if fetched.series.rejects:
        reject = fetched.series.rejects[0]
        raise Unmet(
            f"{dataset.name}: {reject.column} of {reject.date} is {reject.value}, and its Column "
            f"says that it {reject.reason}: is its unit another?"
        )


def days(trial: Trial, dataset: Dataset) -> None:
    """Each day of the window comes once, from the first to the last."""
    fetched = trial.fetched(dataset)
    if not fetched.rows:
        raise Untried("not tried: there are no rows, which is told above")
    counts = Counter(delivered_days(dataset, fetched.raw, now=trial.samples.as_of))
    window = trial.samples.window
    twice = [day for day in sorted(counts) if counts[day] > 1 and window.start <= day < window.end]
    if twice:
        raise Unmet(
            f"{dataset.name}.fetch returns {counts[twice[0]]} rows for {twice[0]}"
            f"{_others(len(twice) - 1)}: return one row a day. Which of them is right, the "
            "framework cannot know; if they are parts of a day, add them up"
        )
    for day, end in ((window.start, "first"), (window.last, "last")):
        if day not in fetched.rows:
            raise Unmet(f"{dataset.name}.fetch lacks the {end} day of {_span(trial)}, {_hint(end)}")
    holes = [day for day in _each(trial) if day not in fetched.rows]
    if holes:
        raise Unproven(
            f"{dataset.name} has no row of {holes[0]}{_others(len(holes) - 1)}: if the vendor has "
            "them, fetch loses them; else take a window for the samples that is whole"
        )


def _hint(end: str) -> str:
    if end == "first":
        return (
            "its `start` included: does the request ask from then on? If the rows are stamped with "
            "the end of their day, declare stamp=Stamp.END and ask for a day more"
        )
    return (
        "the day before its `end`: is the request's end exclusive? If the rows are a day early, "
        "they are stamped with the start of their day: stamp=Stamp.START"
    )


def window(trial: Trial, dataset: Dataset) -> None:
    """Another window asks the vendor for other days, unless every call brings the whole."""
    fetched = trial.fetched(dataset)
    if dataset.whole or not fetched.asked:
        return
    main = trial.samples.window
    earliest = dataset.earliest(trial.plan, trial.samples.as_of.date())
    shifted = [
        Window(max(earliest, main.start - back), main.end - back)
        for back in (timedelta(days=40), timedelta(days=400))
    ]
    later = Window(main.start + (main.end - main.start) / 2, main.end)
    for other in (later, *shifted):
        if other and other.start != main.start:
            visit = trial.fetch(dataset, fetched.found.native_id, other)
            if set(visit.asked) - set(fetched.found.lists) != set(fetched.asked):
                return
    raise Unmet(
        f"{dataset.name}.fetch asks for {fetched.asked[0]} whatever its window is: put "
        "`window.start` and `window.end` into the request (`window.unix()` gives seconds), or "
        "declare whole=True if every answer brings the whole history"
    )


def calls(trial: Trial, dataset: Dataset) -> None:
    """It makes as many calls as it says, for a run is planned by that."""
    fetched = trial.fetched(dataset)
    visit = trial.stage.visit(
        lambda client: dataset.calls(fetched.found.native_id, trial.samples.window, client)
    )
    if visit.error is not None:
        raise Unmet(trial.told(visit, f"{dataset.name}.calls"))
    if visit.value != len(fetched.asked):
        raise Unmet(
            f"{dataset.name}.fetch made {len(fetched.asked)} calls and {dataset.name}.calls says "
            f"{visit.value}: a run is planned, and its budget spent, by that number. Give "
            "calls=…, or ask for lists with keep=…"
        )


def snapshot(trial: Trial, dataset: Dataset) -> None:
    """A snapshot tells of the assets that it is asked for, at most once each."""
    ask, native_id = dataset.snapshot, trial.found(dataset).native_id
    visit = trial.stage.visit(lambda client: ask and ask([native_id], client))
    if visit.error is not None:
        raise Unmet(trial.told(visit, f"{dataset.name}.snapshot"))
    try:
        told = to_open_day(dataset, visit.value, now=trial.samples.as_of)
    except SchemaError as error:
        raise Unmet(f"{dataset.name}.snapshot: {error}") from None
    if strange := sorted(set(told) - {native_id}):
        raise Unmet(
            f"{dataset.name}.snapshot([{native_id!r}]) tells of {strange[0]!r}, too: give only "
            "what was asked for"
        )


def universe(trial: Trial) -> None:
    """It lists assets by market cap, each once; with ids just those."""
    ask = trial.provider.universe or _nobody
    visit = trial.stage.visit(lambda client: list(islice(ask(None, client), FIRST)))
    listed: Sequence[Asset] = visit.value or ()
    if visit.error is not None or not listed:
        raise Unmet(
            trial.told(visit, "universe") if visit.error else "universe(None, client) lists nothing"
        )
    if not all(isinstance(asset, Asset) for asset in listed):
        raise Unmet(f"universe gives {listed[0]!r}, which is no Asset")
    if len({asset.id for asset in listed}) < len(listed):
        raise Unmet("universe lists an asset twice among the first: each id comes once")
    named = trial.stage.visit(lambda client: list(ask([listed[0].id], client)))
    if named.error is not None:
        raise Unmet(trial.told(named, "universe"))
    if [asset.id for asset in named.value or ()] != [listed[0].id]:
        raise Unmet(f"universe([{listed[0].id!r}], client) gives other assets than that one")


def _nobody(ids: Sequence[str] | None, client: Client) -> Iterator[Asset]:
    return iter(())


def _each(trial: Trial) -> list[date]:
    window = trial.samples.window
    return [window.start + number * DAY for number in range(window.days)]


def _span(trial: Trial) -> str:
    window = trial.samples.window
    return f"[{window.start}, {window.end})"


def _others(count: int) -> str:
    return f" and {count} more days" if count > 0 else ""
