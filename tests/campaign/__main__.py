"""`python tests/campaign`: run the fault campaign and print its table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from types import ModuleType

TESTS = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    # a folder of tests is no package, and somebody else's may be installed under its name
    tests = sys.modules["tests"] = ModuleType("tests")
    tests.__path__ = [str(TESTS)]
    from tests.campaign.command import main

    parser = argparse.ArgumentParser(prog="python tests/campaign", description=__doc__)
    parser.add_argument("--only", default="", help="rows whose `kind: fault` has these words")
    parser.add_argument("--at-once", type=int, default=3, help="rows that are run at once [3]")
    parser.add_argument(
        "--page",
        action="store_true",
        help="write into docs/explanation/faults.md what came, if none is amiss",
    )
    parser.add_argument(
        "--kills", type=int, default=0, help="instead, kill so many runs of each kind"
    )
    parser.add_argument(
        "--seed", type=int, default=20260315, help="what their instants follow from"
    )
    sys.exit(main(**vars(parser.parse_args())))
