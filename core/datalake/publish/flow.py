"""The way of a candidate: contract, fence, gate, then version, pointer, copies; or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from attrs import evolve, frozen

from ..clock import now
from ..errors import Conflict, StoreError
from ..rules import GateRules
from .candidate import Candidate, Check, Outcome
from .contract import check_contract
from .copies import check_copies, copy, drop_candidate, keep_candidate
from .fence import check_fence, check_rolled_back
from .gate.judge import check_gate
from .gate.ratchet import check_ratchet
from .layout import ASSETS, DATA, encode_assets, encode_data
from .place import LocalPlace, Place, candidate_name, in_words
from .pointer import Entry, Keep, Pointer, follow, swap
from .rows import height, ids_of
from .standing import Standing, examine, settle
from .versions import describe, put, sweep, version_name

_RULES = GateRules()
_KEEP = Keep()
_SAME = Check("published file", True, "ok", "these very files are published already")
#: Rivals that may come first before we give up; each of them has published something.
TRIES = 20
#: How many warnings the history keeps of each publication, and how much of each.
WARNINGS, SHOWN = 20, 300


@frozen
class _Job:
    """One candidate on its way; `contract`, `data` and how many `rows` and `assets` it has do not
    depend on what is published."""

    candidate: Candidate
    place: Place
    rules: GateRules
    force: str | None
    run_id: str | None
    keep: Keep
    clock: Callable[[], datetime]
    contract: tuple[Check, ...]
    data: bytes
    rows: int
    assets: int

    def attempt(self) -> Outcome:
        """Raises Conflict where somebody else has published meanwhile: then try again."""
        standing = settle(self.place, examine(self.place, self.candidate.synthetic), self.clock())
        checks = (*self.contract, *check_copies(self.place, standing))
        if _refused(checks):
            return self._refuse(checks, standing)
        files = {DATA: self.data, ASSETS: encode_assets(self.candidate)}
        version, pointer = version_name(self.candidate.as_of, files), standing.pointer
        if pointer is not None and pointer.current.version == version:
            if standing.suffered:
                put(self.place.store, pointer.current, files)
            return self._finish((*checks, _SAME), pointer, files)
        checks += self._compare(version, standing)
        if _refused(checks):
            fenced = _refused(check_fence(self.candidate.as_of, standing.newest))
            return evolve(self._refuse(checks, standing), forcible=not fenced)
        pointer = self._commit(version, files, checks, standing)
        outcome = self._finish(checks, pointer, files)
        sweep(self.place.store, pointer, self.clock(), self.keep.grace)
        return evolve(outcome, new=True)

    def _finish(
        self, checks: tuple[Check, ...], pointer: Pointer, files: Mapping[str, bytes]
    ) -> Outcome:
        """The version is published: what follows can fail and changes nothing about that."""
        failed = copy(self.place, files)
        drop_candidate(self.place)
        outcome = self._outcome((*checks, *failed), pointer.current)
        return evolve(outcome, trouble="; ".join(check.detail for check in failed))

    def _compare(self, version: str, standing: Standing) -> tuple[Check, ...]:
        """What depends on what is published. A reason does not move the fence, and what may not
        be published at all need not be compared."""
        order = (
            *check_fence(self.candidate.as_of, standing.newest),
            *check_rolled_back(version, standing.pointer, self.force),
        )
        if _refused(order):
            return order
        return (
            *order,
            *check_ratchet(self.candidate, standing.pointer, self.rules, self.force),
            *check_gate(self.candidate, standing.data, self.rules, self.force),
        )

    def _commit(
        self,
        version: str,
        files: Mapping[str, bytes],
        checks: tuple[Check, ...],
        standing: Standing,
    ) -> Pointer:
        """First the version, then the pointer: what the pointer names is there."""
        entry = Entry(
            sequence=0,
            version=version,
            as_of=self.candidate.as_of,
            published_at=self.clock(),
            run_id=self.run_id,
            rows=self.rows,
            assets=self.assets,
            files=describe(files),
            values=self.candidate.known,
            forced=self.force if self._overrode(checks) else None,
            open_day=self.candidate.open_day,
            warnings=[str(check)[:SHOWN] for check in checks if check.level == "warning"][
                :WARNINGS
            ],
        )
        pointer = follow(standing.pointer, entry, self.candidate.synthetic, self.keep)
        put(self.place.store, pointer.current, files)
        swap(self.place.store, pointer, standing.generation)
        return pointer

    def _refuse(self, checks: tuple[Check, ...], standing: Standing) -> Outcome:
        """What is published stands; the candidate is kept to be looked at."""
        kept = keep_candidate(self.place, self.data)
        checks = (*checks, *(copy(self.place, {}) if standing.pointer else ()), kept)
        name = candidate_name(self.place.name)
        where = self.place.where(name) if kept.passed else None
        return evolve(self._outcome(checks, None), candidate_path=where)

    def _overrode(self, checks: tuple[Check, ...]) -> bool:
        """Whether the reason was needed."""
        return any(not one.passed and f": {self.force}" in one.detail for one in checks)

    def _outcome(self, checks: tuple[Check, ...], entry: Entry | None) -> Outcome:
        return Outcome(
            published=entry is not None,
            new=False,
            path=self.place.url,
            version=entry.version if entry else None,
            sequence=entry.sequence if entry else None,
            rows=self.rows,
            assets=self.assets,
            sha256=hashlib.sha256(self.data).hexdigest(),
            checks=checks,
        )


def publish(
    candidate: Candidate,
    place: Place | Path,
    rules: GateRules = _RULES,
    force: str | None = None,
    *,
    run_id: str | None = None,
    keep: Keep = _KEEP,
    clock: Callable[[], datetime] = now,
) -> Outcome:
    """Publish a candidate at a place (a path is one), with its assets file.

    A candidate that breaks the contract or that the gate refuses is kept beside the published
    files, which stay as they are; the outcome's checks say why. `force`, a reason, overrides the
    gate's comparisons. Raises ConfigError for a place that `check_output` refuses and StoreError
    where the place fails; in both cases what was published stands.
    """
    place = LocalPlace(place) if isinstance(place, Path) else place
    contract, data = check_contract(candidate), encode_data(candidate)
    job = _Job(
        candidate, place, rules, force, run_id, keep, clock, contract, data, *_counts(candidate)
    )
    try:
        with place.turn():
            for _ in range(TRIES):
                try:
                    return job.attempt()
                except Conflict:  # somebody else has published: compare with that
                    continue
    except (OSError, StoreError) as error:
        raise StoreError(
            f"output {place.url} could not be written ({in_words(error)}); "
            "what was published before stands"
        ) from error
    raise StoreError(f"output {place.url} is published to all the time; try again later")


def _counts(candidate: Candidate) -> tuple[int, int]:
    """How many rows there are, and how many assets have some."""
    named = "canonical_id" in candidate.rows.collect_schema()
    return height(candidate.rows), len(ids_of(candidate.rows)) if named else 0


def _refused(checks: tuple[Check, ...]) -> bool:
    return any(check.level == "refused" for check in checks)
