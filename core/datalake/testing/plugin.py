"""Tells pytest's reader the grade of each provider that was tried; does nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..conformance import Outcome

#: The outcomes of this session by provider.
TRIED: pytest.StashKey[dict[str, list[Outcome]]] = pytest.StashKey()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """One line for each provider."""
    tried = config.stash.get(TRIED, {})
    if not tried:
        return
    from ..conformance import Report

    terminalreporter.section("datalake providers")
    for provider, outcomes in tried.items():
        terminalreporter.write_line(Report(provider, outcomes).summary)
