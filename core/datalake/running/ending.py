"""How a run ended, in a few words and an exit code."""

from __future__ import annotations

from collections.abc import Mapping

from ..exits import Exit
from ..publish import Outcome
from .fetching.health import GIVEN_UP
from .fetching.open_day import Today
from .tally import Tally
from .universe.listing import Listing

SHOWN_REFUSALS = 3
_FORCE = "--force-publish REASON overrides what compares with the published file"


def what_is_amiss(
    listing: Listing,
    tallies: Mapping[str, Tally],
    reducers: Mapping[str, str],
    today: Today | None,
) -> str:
    """Why this run is degraded, in a few words; empty where it is not.

    `reducers` says of the columns without values what their reducers did wrong, `today` what came
    of the open day, if it was wanted.
    """
    failed = {name: len(tally.failed) for name, tally in tallies.items() if tally.failed}
    parts = [f"{count} series of {name} failed" for name, count in failed.items()]
    parts += [*(today.missing if today else ()), *reducers.values()]
    return "; ".join([listing.trouble, *parts] if listing.trouble else parts)


def what_is_left(tallies: Mapping[str, Tally], today: Today | None = None) -> str:
    """What a run had no calls or no time for; empty where it had for all."""
    left = [
        f"{tally.left:,} of {tally.total:,} series of {name}"
        for name, tally in tallies.items()
        if tally.left
    ]
    snapshots = [one.dataset for one in today.snapshots if one.left] if today else []
    if snapshots:
        left.append(f"the open day of {', '.join(snapshots)}")
    if not left:
        return ""
    return (
        f"{' and '.join(left)} are left: the run may make no more calls (--max-calls, --timeout);"
        " what was fetched is kept, and the next run goes on from there"
    )


def first_failure(tallies: Mapping[str, Tally]) -> str:
    """One cause to begin with; the report has them all."""
    errors = [failure.error for tally in tallies.values() for failure in tally.failed]
    return errors[0].removeprefix(GIVEN_UP) if errors else ""


def ending(outcome: Outcome, trouble: str) -> tuple[Exit, str]:
    """The exit code and the sentence of a run that came as far as the gate."""
    if not outcome.published:
        refused = [check for check in outcome.checks if check.level == "refused"]
        refusals = [str(check) for check in refused]
        more = len(refusals) - SHOWN_REFUSALS
        told = [*refusals[:SHOWN_REFUSALS], *([f"and {more} checks more"] if more > 0 else ())]
        why = [*told, trouble] if trouble else told
        hint = f" ({_FORCE})" if outcome.forcible else ""
        return Exit.REFUSED, f"not published: {'; '.join(why)}{hint}"
    trouble = "; ".join(filter(None, (trouble, outcome.trouble)))
    if trouble:
        return Exit.DEGRADED, trouble
    return Exit.PUBLISHED, "published" if outcome.new else "nothing new to publish"
