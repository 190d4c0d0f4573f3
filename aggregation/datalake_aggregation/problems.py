"""What is wrong with a mapping file, said so that its reader can put it right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NoReturn

from attrs import field, frozen

SHOWN = 40  # problems that the error's own text lists; `problems` has them all


@frozen(order=True)
class Place:
    """Where something is written: a file and, where known, a line counted from 1."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@frozen(order=True)
class Problem:
    """One mistake: its place, what is wrong, and what to do about it."""

    where: Place
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class MappingError(ValueError):
    """A mapping cannot be used; ``problems`` are lines of the form ``file:line: what, what to do``,
    made of ``found``.

    All problems that can be told from one reading are given together, in the order of the file.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.found: tuple[Problem, ...] = tuple(dict.fromkeys(sorted(problems)))
        self.problems: tuple[str, ...] = tuple(map(str, self.found))
        count = len(self.problems)
        title = "the mapping has a mistake" if count == 1 else f"the mapping has {count} mistakes"
        shown = [f"{title}:", *self.problems[:SHOWN]]
        if count > SHOWN:
            shown.append(f"… and {count - SHOWN} more")
        super().__init__("\n  ".join(shown))


@frozen
class Findings:
    """The problems found so far while one mapping is read."""

    found: list[Problem] = field(factory=list)

    def add(self, where: Place, what: str) -> None:
        self.found.append(Problem(where, what))

    def stop(self, where: Place, what: str) -> NoReturn:
        """Add a last problem, after which reading on makes no sense, and raise MappingError."""
        self.add(where, what)
        raise MappingError(self.found)

    def settle(self) -> None:
        """Raise MappingError if anything was found."""
        if self.found:
            raise MappingError(self.found)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return '; did you mean "near"?', or the list of what is known when nothing is near."""
    known = list(known)
    near = difflib.get_close_matches(word, known, n=1)
    return f'; did you mean "{near[0]}"?' if near else f"; use one of: {', '.join(known)}"
