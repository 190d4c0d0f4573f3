"""The run: universe, plan, fetch, aggregate, publish, report; each step is a function elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import datetime

import polars as pl
from attrs import evolve, frozen

from datalake_aggregation import Mapping as CanonicalMapping

from ..client import Retry
from ..client.budget import Budget
from ..clock import now
from ..errors import FetchError, OverBudget
from ..exits import Exit
from ..lake.origin import claim
from ..plugins import Registry
from ..publish import Evidence, Outcome, Place, check_output, open_place, publish
from ..publish.lease import leased
from ..publish.rows import height
from . import events
from .ending import ending, first_failure, what_is_amiss, what_is_left
from .fetching.fetch import fetch_all
from .fetching.lane import Lane
from .fetching.open_day import with_today
from .fetching.series import Series
from .fetching.shelf import shelf
from .folding import guarded
from .folding.recipe import Recipe, candidate, declared, fold
from .opening import Opened, checked, opened
from .options import Options
from .present import check_present
from .records.evidence import Taker, Used, gather, taker
from .records.inputs import Record, keep, learnt_through
from .records.unchanged import unchanged
from .reporting import report as reporting
from .reporting import requested
from .reporting.freshness import freshness_section
from .reporting.report import Report, check_report
from .result import Made, Result
from .software import versions
from .tally import Progress, Tally
from .universe.archive import archive
from .universe.listing import Listing, find_universe
from .universe.mapping import MappingTexts


def run(
    options: Options,
    registry: Registry,
    environment: Mapping[str, str],
    *,
    clock: Callable[[], datetime] = now,
    progress: Progress = lambda tallies: nullcontext(),
    retry: Retry | None = None,
    stop: threading.Event | None = None,
    run_id: str | None = None,
) -> Result:
    """Make and publish the dataset. `run_id` names the run, by default a new name does.

    Before any call, raises ConfigError for a user's mistake and Held where another run is at work
    on the same output.
    """
    started = clock()
    texts, mapping = checked(options, registry, started)
    stop = stop or threading.Event()
    budget = Budget(options.max_calls, options.timeout)
    place = open_place(options.output, registry.stores, environment)
    check_output(place, synthetic=options.sandbox)
    check_report(options, place)
    with opened(options, registry, environment, clock, stop, retry, budget) as found:
        run_id = run_id or reporting.new_run_id(started)
        one = _Run(options, registry, texts, mapping, found, place, budget, started, run_id)
        events.begun(found.as_of, found.store.url, place.url)
        # a run that makes no calls has no quota to save
        alone = nullcontext() if options.offline else leased(place.store, run_id, clock)
        with alone:
            return one.finish(one.make(progress, stop), clock())


@frozen
class _Run:
    options: Options
    registry: Registry
    texts: MappingTexts
    mapping: CanonicalMapping
    opened: Opened
    place: Place
    budget: Budget
    started: datetime
    run_id: str

    @property
    def recipe(self) -> Recipe:
        """What decides the rows of closed days beside the series."""
        return Recipe(
            as_of=self.opened.as_of,
            last_day=self.options.last_closed(self.opened.as_of),
            since=self.options.since,
            columns=self.options.columns,
            stale_days=self.options.gate.stale_days,
            synthetic=self.opened.world.synthetic,
            mapping_sha256=self.texts.sha256,
            declared=declared(self.registry),
        )

    def make(self, progress: Progress, stop: threading.Event) -> Made:
        here, lister = self.opened, self.opened.sources.lister
        try:
            listing = find_universe(
                self.options, lister, here.world, here.store, self.mapping, here.as_of
            )
        except OverBudget as error:
            return Made(Exit.BUDGET, f"the universe was not asked for: {error}")
        except FetchError as error:
            return Made(Exit.FAILED, f"there is no universe: {lister.scrub(str(error))}")
        check_present(here.as_of, here.sources.all)
        events.listed(listing)
        writable = not self.options.offline and claim(here.store, here.world.origin)
        if writable and listing.selection:
            archive(here.store, listing.universe, listing.selection)
        made = self._from(listing, progress, stop, writable)
        return evolve(made, listing=listing, read_only=not writable)

    def _from(
        self, listing: Listing, progress: Progress, stop: threading.Event, writable: bool
    ) -> Made:
        """All that follows once the universe is known."""
        lanes = self.opened.lanes(
            self.options, listing.universe, self.mapping, read_only=not writable
        )
        if known := self._unchanged(lanes, progress, stop):
            return self._published(listing, *known)
        with shelf() as aside:
            hand = taker(aside, self.recipe, self.mapping)
            tallies, used = self._fetch(lanes, progress, stop, hand.take)
            if left := what_is_left(tallies):
                return Made(Exit.BUDGET, left, tallies=tallies)
            return self._fold_and_publish(listing, tallies, used, hand, stop)

    def _unchanged(
        self, lanes: dict[str, Lane], progress: Progress, stop: threading.Event
    ) -> tuple[Made, Evidence] | None:
        """The published rows, if they are known to be just those that this run would make. The day
        that is open always changes, and a plugin's reducers may be any."""
        if self.options.open_day or self.options.offline or self.registry.reducers:
            return None
        place, store = self.place, self.opened.store
        return unchanged(place, store, self.recipe, lanes, self.mapping, progress, stop)

    def _fold_and_publish(
        self,
        listing: Listing,
        tallies: dict[str, Tally],
        used: list[Used],
        hand: Taker,
        stop: threading.Event,
    ) -> Made:
        if not any(tally.series for tally in tallies.values()):
            cause = first_failure(tallies)
            message = f"every provider failed: {cause}" if cause else "no provider has these assets"
            return Made(Exit.FAILED, message, tallies=tallies)
        recipe, today = self.recipe, None
        if self.options.open_day:
            series = [one.series for one in used]
            recipe, series, today = with_today(recipe, series, self.mapping, stop)
            if left := what_is_left(tallies, today):
                return Made(Exit.BUDGET, left, tallies=tallies, today=today)
            used = [hand.with_today(*pair) for pair in zip(used, series, strict=True)]
        evidence = gather(used)
        inputs = [one.input for one in used]
        folding = fold(recipe, [one.series for one in used], self.mapping)
        made = Made(
            Exit.FAILED,
            "",
            tallies=tallies,
            inputs=inputs,
            rows=folding.rows,
            guarded=guarded.told(folding.exclusions, recipe.last_day),
            failed=folding.failed,
            recipe=recipe,
            today=today,
        )
        return self._published(listing, made, evidence)

    def _published(self, listing: Listing, made: Made, evidence: Evidence) -> Made:
        """What comes of the rows that a run has made."""
        rows, recipe = made.rows, made.recipe or self.recipe
        if rows is None or not height(rows):
            cause = first_failure(made.tallies) or "none is known"
            return evolve(made, message=f"no asset has a price: {cause}")
        trouble = what_is_amiss(listing, made.tallies, made.failed, made.today)
        if trouble and self.options.strict:
            message = f"not published, since --strict allows no gap: {trouble}"
            return evolve(made, exit=Exit.REFUSED, message=message)
        check_present(self.opened.as_of, self.opened.sources.all)
        outcome = self._publish(recipe, listing, rows, learnt_through(made.inputs), evidence)
        exit_, message = ending(outcome, trouble)
        return evolve(made, exit=exit_, message=message, outcome=outcome)

    def _fetch(
        self,
        lanes: dict[str, Lane],
        progress: Progress,
        stop: threading.Event,
        take: Callable[[Series], Used],
    ) -> tuple[dict[str, Tally], list[Used]]:
        tallies = {name: lane.tally for name, lane in lanes.items()}
        with progress(list(tallies.values())):
            used = fetch_all(lanes, stop, take, budget=self.budget)
        events.fetched(tallies)
        return tallies, used

    def _publish(
        self,
        recipe: Recipe,
        listing: Listing,
        rows: pl.LazyFrame,
        learnt: datetime | None,
        evidence: Evidence,
    ) -> Outcome:
        whole = candidate(
            recipe, rows, listing.universe, self.mapping, self.registry, learnt, evidence
        )
        return publish(
            whole,
            self.place,
            self.options.gate,
            self.options.force_publish,
            run_id=self.run_id,
            keep=self.options.keep,
        )

    def finish(self, made: Made, finished: datetime) -> Result:
        recipe = made.recipe or self.recipe
        report = Report(
            run_id=self.run_id,
            started_at=self.started.isoformat(),
            finished_at=finished.isoformat(),
            as_of=self.opened.as_of.isoformat(),
            status=reporting.STATUS[made.exit],
            exit_code=int(made.exit),
            message=made.message,
            synthetic=self.opened.world.synthetic,
            versions=versions(),
            settings=reporting.settings(self.options),
            universe=reporting.universe_section(made.listing) if made.listing else {},
            providers={
                source.provider.name: reporting.provider_section(
                    source, made.tallies.get(source.provider.name)
                )
                for source in self.opened.sources.all
            },
            cache=reporting.cache_section(self.opened.store, self.options, made.read_only),
            skipped=reporting.skipped_section(self.opened.sources.skipped),
            mapping=reporting.mapping_section(
                self.texts.sha256, made.listing, made.guarded, made.tallies
            ),
            open_day=reporting.open_day_section(made.today),
            freshness=freshness_section(recipe, made.rows, self.mapping, self.registry),
            gate=reporting.gate_section(made.outcome),
            output=reporting.output_section(made.outcome),
        )
        store = None if made.read_only else self.opened.store
        reporting.keep(report, store, self.place, self.options.report)
        if store is not None:
            sent = [one for source in self.opened.sources.all for one in source.client.requests]
            requested.keep(store, self.run_id, sent, self.opened.sources.lister.scrub)
        if made.listing and made.inputs and not made.read_only:
            self._record(report, recipe, made.listing, made)
        events.ended(report)
        return Result(made.exit, report, made.rows)

    def _record(self, report: Report, recipe: Recipe, listing: Listing, made: Made) -> None:
        record = Record(
            run_id=report.run_id,
            recipe=recipe,
            universe=listing.universe,
            mapping=list(self.texts.parts),
            mapping_file=self.texts.file,
            versions=report.versions,
            series=made.inputs,
            failed=made.failed,
        )
        keep(self.opened.store, record, self.texts)
