"""The fence: what is newer is never replaced by what is older, whoever finishes last."""

from __future__ import annotations

from datetime import datetime

from .candidate import Check
from .layout import instant
from .pointer import Pointer


def check_fence(as_of: datetime, newest: datetime | None) -> tuple[Check, ...]:
    """`newest` is the latest instant that anything published here stood for, if anything was."""
    if newest is None:
        return ()
    if as_of >= newest:
        detail = f"as of {instant(as_of)}, not older than what was published ({instant(newest)})"
        return (Check("fence", True, "ok", detail),)
    detail = (
        f"as of {instant(as_of)}, but what was published is newer, as of {instant(newest)}; to go "
        "back to an earlier version use `datalake publish rollback`, or publish elsewhere"
    )
    return (Check("fence", False, "refused", detail),)


def check_rolled_back(
    version: str, pointer: Pointer | None, force: str | None
) -> tuple[Check, ...]:
    """A version that somebody took back does not return by the same run being made again."""
    for entry in pointer.history if pointer else ():
        if entry.rollback_of == version:
            detail = f"these very files were rolled back: {entry.rollback_reason}"
            if force is None:
                return (Check("rollback", False, "refused", detail),)
            detail += f"; published anyway: {force}"
            return (Check("rollback", False, "warning", detail),)
        if entry.version == version:
            return ()
    return ()
