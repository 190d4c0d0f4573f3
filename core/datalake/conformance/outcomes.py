"""What came of the checks: each held, is worth a note, or failed; and the grade of all."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from attrs import frozen


class Unmet(Exception):
    """A promise is not kept. The text tells the author what to change."""


class Dangerous(Unmet):
    """The same, where nobody would notice: a wrong number, a silent loss, a key that leaks."""


class Unproven(Exception):
    """Nothing is wrong, and something could be better; the text tells what."""


class Untried(Exception):
    """It could not be tried, for something else fails that is told elsewhere."""


class State(str, enum.Enum):
    """How a check ended."""

    HELD = "held"
    UNTRIED = "not tried"
    NOTE = "note"
    FAILED = "failed"
    DANGEROUS = "dangerous"


class Grade(str, enum.Enum):
    """What a provider is worth, by the worst that was found."""

    A = "everything holds"
    B = "everything holds; something could be better"
    C = "something fails, and says so"
    D = "it can be wrong, lose data or show a key without anybody noticing"


_GRADES = {
    State.HELD: Grade.A,
    State.UNTRIED: Grade.A,  # what is in its way has its own outcome
    State.NOTE: Grade.B,
    State.FAILED: Grade.C,
    State.DANGEROUS: Grade.D,
}


@frozen
class Outcome:
    """How one check ended, for one dataset or ("") the provider as a whole."""

    check: str
    dataset: str
    promise: str
    state: State
    advice: str = ""


@frozen
class Report:
    """All outcomes of a provider."""

    provider: str
    outcomes: Sequence[Outcome]

    @property
    def grade(self) -> Grade:
        """The grade of the worst outcome."""
        found = {outcome.state for outcome in self.outcomes}
        return max((_GRADES[state] for state in found), key=lambda grade: grade.name)

    @property
    def summary(self) -> str:
        """Grade and counts in a line."""
        counts = ", ".join(
            f"{count} {state.value}" for state in State if (count := self.count(state))
        )
        return f"{self.provider}: grade {self.grade.name} ({counts}): {self.grade.value}"

    def count(self, state: State) -> int:
        """How many ended so."""
        return sum(outcome.state is state for outcome in self.outcomes)
