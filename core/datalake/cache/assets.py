"""The asset cache: series in a shared store, asked before any provider is."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import evolve, field, frozen

from ..errors import FetchError, NotFound, StoreError
from ..models import DAY, Dataset, Window
from ..names import REVISIONS, SERIES
from ..series import series_schema, to_series
from ..stores import ABSENT, Entry, Store, Stored
from ..stores.mirror import MirroredStore
from .deciding import Decision, Look, decide, gone
from .given import let_in
from .history import series_at
from .joining import Answer, Joined, Writer, join
from .keys import SeriesKey
from .objects import Found, Miss, decode
from .past import Past, hides, list_past
from .rows import OBSERVED, compare, crop
from .served import Cached, served, stood_in

if TYPE_CHECKING:
    from ..models import Fetched

log = logging.getLogger(__name__)


@frozen
class AssetCache:
    """Series in a store; safe to use from several threads, and beside other pipelines.

    `read_only` reuses what is there and writes nothing. `listed` is what a listing said of the
    store (see `survey`), by key. With a `moment` series are as they were known then (see `at`).
    """

    store: Store
    clock: Callable[[], datetime] = field(kw_only=True)
    sleep: Callable[[float], None] = field(default=time.sleep, kw_only=True)
    read_only: bool = field(default=False, kw_only=True)
    listed: Mapping[str, Entry] | None = field(default=None, kw_only=True, repr=False)
    moment: datetime | None = field(default=None, kw_only=True)
    _past: Past | None = field(default=None, kw_only=True, repr=False)
    _refused: threading.Event = field(factory=threading.Event, init=False, repr=False)

    def survey(self, keys: Iterable[SeriesKey] = ()) -> AssetCache:
        """A cache that knows by one listing what lies where: what is not there costs no request.
        The series of these keys are made `ready`. Raises StoreError."""
        surveyed = evolve(self, listed={entry.key: entry for entry in self.store.list(SERIES)})
        surveyed.ready(keys)
        return surveyed

    def ready(self, keys: Iterable[SeriesKey]) -> None:
        """Download what is listed of these and not in a remote store's mirror, several at once."""
        if isinstance(self.store, MirroredStore) and self.listed is not None:
            self.store.warm([self.listed[key.path] for key in keys if key.path in self.listed])

    def at(self, moment: datetime, under: str = REVISIONS) -> AssetCache:
        """The same series as they were known at `moment`, to be read only: all of them, or those
        whose revisions lie `under` a prefix. Raises StoreError."""
        past = self._past or list_past(self.store, under)
        return evolve(self, moment=moment, read_only=True, past=past)

    def find(self, key: SeriesKey, dataset: Dataset, native_id: str | None = None) -> Found | Miss:
        """The series with its coverage, or why there is none to use. Raises StoreError."""
        if self.moment is None:
            return self._current(key, dataset, native_id)
        current = self._current(key, dataset, None)
        if isinstance(current, Miss) and hides(current, self.moment):
            return current
        listed = (self.listed or {}).get(key.path)
        moved = current.generation != (listed.generation if listed else ABSENT)
        assert self._past is not None  # noqa: S101  # `at` gives both
        past = self._past.of(key, dataset, moved=moved)
        if isinstance(past, Miss):
            return past
        known = current if isinstance(current, Found) else None
        return series_at(known, past, self.moment, native_id)

    def _current(self, key: SeriesKey, dataset: Dataset, native_id: str | None) -> Found | Miss:
        if self.listed is None:
            return self._decoded(self.store.get(key.path), key, dataset, native_id)
        entry = self.listed.get(key.path)
        stored = self.store.get(key.path, known=entry) if entry else None
        return self._decoded(stored, key, dataset, native_id)

    def read(
        self, key: SeriesKey, dataset: Dataset, native_id: str | None = None
    ) -> pa.Table | Miss:
        """All cached rows (`date` and the dataset's columns), or why there are none."""
        found = self.find(key, dataset, native_id)
        return found if isinstance(found, Miss) else found.table.drop_columns([OBSERVED])

    def get_or_fetch(
        self,
        key: SeriesKey,
        dataset: Dataset,
        native_id: str,
        wanted: Window,
        reachable: Window,
        fetch: Callable[[Window], Fetched],
        *,
        refresh: bool = False,
    ) -> Cached:
        """The rows for the wanted (closed) days, of which only the missing ones are fetched.

        Days outside `reachable`, which is what the plan can still ask for, are served if they are
        cached and never fetched. With `refresh` all is fetched again. When the fetch fails, cached
        rows stand in; FetchError is raised where there are none. Raises StoreError when the store
        cannot be read; one that cannot be written costs only the caching.
        """
        look = self.look(key, dataset, native_id, wanted, reachable, refresh=refresh)
        return self.bring(look, fetch)

    def look(
        self,
        key: SeriesKey,
        dataset: Dataset,
        native_id: str,
        wanted: Window,
        reachable: Window,
        *,
        refresh: bool = False,
        earlier: bool = False,
    ) -> Look:
        """What there is, and what `bring` would fetch. With `earlier` all cached days before the
        wanted ones are served, too. Raises StoreError."""
        entry = self.find(key, dataset, native_id)
        if earlier and isinstance(entry, Found):
            wanted = entry.reaching_back(wanted)
        decision = self.decide(entry, dataset, wanted, reachable, refresh=refresh)
        return Look(key, dataset, native_id, wanted, reachable, refresh, entry, decision)

    def bring(self, look: Look, fetch: Callable[[Window], Fetched]) -> Cached:
        """What was looked at, with the missing days fetched; see `get_or_fetch`."""
        if look.decision.window and self.listed is not None:
            # the listing is minutes old by now: another pipeline may have paid for it meanwhile
            look = self._news(look)
        entry, decision, wanted = look.entry, look.decision, look.wanted
        if decision.window is None:
            if isinstance(entry, Miss):
                nothing = series_schema(look.dataset).empty_table()
                return Cached(nothing, decision.hit, decision.reason)
            return served(entry, wanted, decision.hit, decision.reason)
        try:
            answer = self._ask(look, decision.window, fetch)
        except NotFound as error:
            if gone(entry, decision.window):
                self._remember_absence(look, decision.window)
            return _stand_in(entry, wanted, decision.reason, error)
        except FetchError as error:
            return _stand_in(entry, wanted, decision.reason, error)
        joined = self._commit(look, answer)
        rows = crop(joined.table, wanted)
        return Cached(
            table=rows.drop_columns([OBSERVED]),
            hit=False,
            reason=decision.reason,
            fetched=answer.window,
            revised=joined.revised,
            rejects=answer.rejects,
            learnt=rows[OBSERVED],
            source=joined.source(look.native_id),
        )

    def put(
        self, key: SeriesKey, dataset: Dataset, native_id: str, rows: Any, window: Window
    ) -> int:
        """Add what a pipeline fetched by itself, and say how many values were beyond their limits.

        `rows` has `date` (the UTC day that a row describes) and the dataset's columns: all there
        is of the window's days. Days that are not closed are left out. Raises SchemaError for
        rows that are not as the dataset promises, StoreError where they cannot be written. What
        is not let in is kept beside the series, with the reason.
        """
        moment = self.clock()
        closed = window & Window(window.start, dataset.closed_through(moment) + DAY)
        if not closed:
            return 0
        series = let_in(self.store, key, dataset, rows, moment)
        answer = Answer(crop(series.table, closed), closed, series.rejects, moment)
        writer = self._writer(key, dataset, native_id, answer)
        writer.write(writer.look())
        return series.rejected

    def decide(
        self,
        entry: Found | Miss,
        dataset: Dataset,
        wanted: Window,
        reachable: Window,
        *,
        refresh: bool = False,
    ) -> Decision:
        """Whether that entry is enough for the wanted days, and what would be fetched."""
        return decide(entry, dataset, wanted, reachable, self.clock(), refresh=refresh)

    def _decoded(
        self, stored: Stored | None, key: SeriesKey, dataset: Dataset, native_id: str | None
    ) -> Found | Miss:
        found = decode(stored, key, dataset, native_id)
        if isinstance(found, Miss) and found.generation != ABSENT:
            log.warning("%s in %s is not used: %s", key.path, self.store.url, found.reason)
        return found

    def _news(self, look: Look) -> Look:
        """The same with the entry as it is now; listing one object costs less than reading it."""
        path = look.key.path
        try:
            now = next((one for one in self.store.list(path) if one.key == path), None)
        except StoreError:
            return look  # a store that went away meanwhile costs the caching, not the series
        if now is None or now.generation == look.entry.generation:
            return look
        stored = self.store.get(path, known=now)
        entry = self._decoded(stored, look.key, look.dataset, look.native_id)
        decision = self.decide(
            entry, look.dataset, look.wanted, look.reachable, refresh=look.refresh
        )
        return evolve(look, entry=entry, decision=decision)

    def _remember_absence(self, look: Look, window: Window) -> None:
        """An unknown name is an answer too: an empty series, so that a repeated run asks less.

        Never over rows that were fetched under another name, which are worth more.
        """
        nothing = series_schema(look.dataset).empty_table()
        self._commit(look, Answer(nothing, window, (), self.clock()))

    def _ask(self, look: Look, window: Window, fetch: Callable[[Window], Fetched]) -> Answer:
        """Fetch the window; and all that is known once more, should it have been revised."""
        dataset, entry = look.dataset, look.entry
        answer = self._fetch(dataset, window, fetch)
        if isinstance(entry, Miss) or dataset.whole:
            return answer
        everything = (look.wanted | entry.coverage.known) & look.reachable
        if everything == window or not compare(entry.table, answer.rows, dataset).revised.any():
            return answer
        return self._fetch(dataset, everything, fetch)

    def _fetch(
        self, dataset: Dataset, window: Window, fetch: Callable[[Window], Fetched]
    ) -> Answer:
        raw = fetch(window)
        moment = self.clock()
        series = to_series(dataset, raw, now=moment)
        return Answer(crop(series.table, window), window, series.rejects, moment)

    def _commit(self, look: Look, answer: Answer) -> Joined:
        """Write the answer over whatever the store holds by then; a store that will not take it
        is a warning, for the rows are here."""
        if not self.read_only:
            try:
                writer = self._writer(look.key, look.dataset, look.native_id, answer)
                return writer.write(look.entry)
            except StoreError as error:
                # a store that is full or refuses refuses every series: once is enough
                level = logging.INFO if self._refused.is_set() else logging.WARNING
                self._refused.set()
                log.log(level, "%s was not cached, nor may others be: %s", look.key, error)
        return join(look.entry, answer, look.dataset)

    def _writer(self, key: SeriesKey, dataset: Dataset, native_id: str, answer: Answer) -> Writer:
        return Writer(
            self.store,
            key,
            native_id,
            look=lambda: self._decoded(self.store.get(key.path), key, dataset, native_id),
            join=lambda entry: join(entry, answer, dataset),
            sleep=self.sleep,
        )


def _stand_in(entry: Found | Miss, wanted: Window, reason: str, error: FetchError) -> Cached:
    if isinstance(entry, Miss):
        raise error
    return stood_in(entry, wanted, reason, error)
