"""The conformance suite for providers: what every provider promises, tried on recorded samples.

from datalake.testing import ProviderTests
from datalake_acme import ACME

class TestAcme(ProviderTests):
    provider = ACME
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar

import pytest

from ..conformance import Check, Outcome, Samples, State, checks, on_trial, outcome, read_samples
from ..conformance.trial import Trial
from ..errors import ConfigError
from ..models import Provider
from ..plugins import load
from .plugin import TRIED

_TRIAL: pytest.StashKey[Trial] = pytest.StashKey()


class ProviderTests:
    """Subclass it, give `provider`, and let pytest run it: offline, and without a key.

    The samples lie in the folder `samples` beside the test; a fixture of that name may give another
    folder. `faults = False` leaves the sandbox's faults out.
    """

    provider: ClassVar[Provider]
    faults: ClassVar[bool] = True

    @pytest.fixture
    def samples(self, request: pytest.FixtureRequest) -> Path:
        """The folder of the samples."""
        return request.path.parent / "samples"

    @pytest.fixture
    def trial(self, samples: Path, request: pytest.FixtureRequest) -> Trial:
        """The provider on its samples: one trial for all tests of the class."""
        tests = request.node.getparent(pytest.Class)
        if _TRIAL not in tests.stash:
            stack = ExitStack()
            tests.addfinalizer(stack.close)
            tests.stash[_TRIAL] = stack.enter_context(on_trial(self.provider, _read(samples), load))
        trial: Trial = tests.stash[_TRIAL]
        return trial

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test for each promise."""
        if "check" in metafunc.fixturenames:
            found = checks(self.provider, faults=self.faults)
            metafunc.parametrize("check", found, ids=[check.id for check in found])

    def test_promise(self, check: Check, trial: Trial, request: pytest.FixtureRequest) -> None:
        """What the provider promises, it keeps; what is only a note is a skipped test."""
        ended = outcome(check, trial)
        request.config.stash.setdefault(TRIED, {}).setdefault(self.provider.name, []).append(ended)
        if ended.state in (State.NOTE, State.UNTRIED):
            pytest.skip(ended.advice)
        if ended.state is not State.HELD:
            pytest.fail(_sentence(ended), pytrace=False)


def _read(folder: Path) -> Samples:
    try:
        return read_samples(folder)
    except ConfigError as error:
        pytest.fail(f"{error}\n`datalake providers test NAME --record` makes one", pytrace=False)


def _sentence(ended: Outcome) -> str:
    return f"{ended.advice}\n(The promise: {ended.promise})"
