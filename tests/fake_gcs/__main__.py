"""`python tests/fake_gcs --bucket lake`: serve until the end of stdin or an interrupt."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fake_gcs import FakeGcs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--bucket", action="append", default=[], help="made at the start")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds for each request")
    parser.add_argument("--write-gate", type=float, default=0.0, help="seconds between writes")
    wish = parser.parse_args()
    with FakeGcs(latency=wish.latency, write_gate=wish.write_gate, port=wish.port) as gcs:
        for bucket in wish.bucket:
            gcs.create_bucket(bucket)
        print(gcs.url, flush=True)
        with suppress(KeyboardInterrupt):
            sys.stdin.read()


if __name__ == "__main__":
    main()
