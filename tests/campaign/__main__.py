"""`python tests/campaign`: run the fault campaign and print its table."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

TESTS = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    # a folder of tests is no package, and somebody else's may be installed under its name
    tests = sys.modules["tests"] = ModuleType("tests")
    tests.__path__ = [str(TESTS)]
    from tests.campaign.command import main

    sys.exit(main())
