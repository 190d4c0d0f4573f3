"""What an entry of the cache covers, and which days are still to be asked: pure decisions."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from attrs import astuple, frozen

from ..models import DAY, Window

#: So many days of the cached side are fetched again with the missing ones, to notice revisions.
OVERLAP = 3 * DAY
#: Days that were asked and not delivered are left alone for this long: a run that is repeated
#: costs nothing for a dead asset, and vendors that are late publish within hours, not minutes
#: (CoinGecko may serve one answer about long ranges for twelve).
ASK_AGAIN = timedelta(hours=6)
#: A series that was so far behind when it was asked has ended, or never began: it is not late, and
#: to be told so once in a day is enough.
ENDED = 7 * DAY


@frozen
class Coverage:
    """The days from `start` to `complete_through`, both included, are known for good.

    `complete_through` is the last day that was delivered, the day before `start` where none was.
    At `checked_at` all days to `checked_through` were asked, delivered or not.
    """

    start: date
    complete_through: date
    checked_at: datetime
    checked_through: date

    @property
    def known(self) -> Window:
        return Window(self.start, self.complete_through + DAY)

    def reaching_back(self, window: Window) -> Window:
        """The window with the days before it that are known."""
        return Window(min(window.start, self.start), window.end)

    def ended(self, last: date) -> bool:
        """Whether it is so far behind that day that no more is to be expected."""
        return self.complete_through < last - ENDED

    def asked_through(self, now: datetime) -> date:
        """The last day that need not be asked at `now`."""
        age = now - self.checked_at
        today = self.ended(self.checked_through) and now.date() == self.checked_at.date()
        if timedelta(0) <= age and (age < ASK_AGAIN or today):
            return max(self.complete_through, self.checked_through)
        return self.complete_through

    def missing(self, wanted: Window, reachable: Window, now: datetime) -> Window | None:
        """The one window to fetch so that all of `wanted` that can be reached is known.

        It touches what is known (coverage is one interval, so a gap is fetched too) and goes
        OVERLAP days into it.
        """
        ask = wanted & reachable
        head = ask.start < self.start
        tail = ask.end > self.asked_through(now) + DAY
        if not ask or not (head or tail):
            return None
        start, end = ask.start, ask.end
        if not head:
            start = max(self.start, self.known.end - OVERLAP)
        if not tail:
            end = min(self.known.end, self.start + OVERLAP)
        return Window(start, end) & reachable

    def after(
        self,
        asked: Window,
        delivered_through: date | None,
        now: datetime,
        *,
        confirmed: bool = True,
    ) -> Coverage:
        """The coverage once the answer for a window is merged; the last day it brought, if any.

        `confirmed` says that it brought the known days of the window again: one that lacks any
        was not whole, and proves nothing about the days before them.

        A window that does not touch what is known cannot be joined to it; then the later of the
        two counts, and no claim is made for the other's rows.
        """
        fresh = first_coverage(asked, delivered_through, now)
        if not _touch(self.known, asked):
            return max(self, fresh, key=lambda coverage: coverage.start)
        start = min(self.start, asked.start) if confirmed else self.start
        renew = asked.last >= self.asked_through(now)
        return Coverage(
            start=start,
            complete_through=max(
                (side.complete_through for side in (self, fresh) if side.known), default=start - DAY
            ),
            checked_at=now if renew else self.checked_at,
            checked_through=asked.last if renew else self.checked_through,
        )


def united(one: Coverage, other: Coverage) -> Coverage:
    """What two series of one name cover together; the later one alone where they do not touch."""
    if not _touch(one.known, other.known):
        return max(one, other, key=_rank)
    asked = max(one, other, key=lambda coverage: (coverage.checked_at, coverage.checked_through))
    return Coverage(
        min(one.start, other.start),
        max(one.complete_through, other.complete_through),
        asked.checked_at,
        asked.checked_through,
    )


def _rank(coverage: Coverage) -> tuple[date, date, datetime, date]:
    return astuple(coverage)


def first_coverage(asked: Window, delivered_through: date | None, now: datetime) -> Coverage:
    """The coverage of a first answer."""
    through = asked.start - DAY if delivered_through is None else delivered_through
    return Coverage(asked.start, through, checked_at=now, checked_through=asked.last)


def _touch(one: Window, other: Window) -> bool:
    return one.start <= other.end and other.start <= one.end
