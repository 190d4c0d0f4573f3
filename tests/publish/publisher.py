"""Publishers to be killed: `publisher.py MODE OUTPUT [STRIDE]` alternates two candidates for ever.

Mode `naive` writes in place, to show that the tests would notice. Mode `steps` publishes the
second over the first in folder after folder, and dies STRIDE steps later each time. Mode `bucket`
publishes the first, waits for the end of its input, and publishes the second.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from pathlib import Path

from conftest import frame, made

from datalake.publish import open_place, publish
from datalake.publish.layout import encode_assets, encode_data
from datalake.publish.target import assets_path

IDS = [f"asset-{at:02}" for at in range(12)]


def candidates():
    """Two of the same size that differ in every file."""
    rows = frame(ids=IDS, days=100)
    one = made(rows)
    return one, made(rows.with_columns(volume=1.0), mapping_sha256="cd" * 32)


def encoded():
    """The bytes of the data files and of the assets files that may be seen."""
    both = candidates()
    return {encode_data(one) for one in both}, {encode_assets(one) for one in both}


def alternate(output):
    for candidate in itertools.cycle(candidates()):
        assert publish(candidate, output).published
        print("published", flush=True)


def write_in_place(output):
    for candidate in itertools.cycle(candidates()):
        output.write_bytes(encode_data(candidate))
        assets_path(output).write_bytes(encode_assets(candidate))
        print("written", flush=True)


def die_at(step, folder):
    """Publish twice, and be killed before the given file operation of the second time."""
    output = folder / "user_facing_data.parquet"
    first, second = candidates()
    publish(first, output)
    left = step

    def count(event, arguments):
        nonlocal left
        if str(folder) in str(arguments) or event == "fcntl.flock":
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    publish(second, output)


def step_by_step(folder, stride):
    """One child for each step (nothing here has started a thread yet), until one gets through."""
    for step in itertools.count(step=stride):
        place = folder / f"{step:03}"
        place.mkdir()
        child = os.fork()
        if child == 0:
            die_at(step, place)
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            return


def to_bucket(url):
    place = open_place(url, {}, os.environ)
    first, second = candidates()
    publish(first, place)
    print("published", flush=True)
    sys.stdin.read()
    publish(second, place)


if __name__ == "__main__":
    mode, place, *rest = sys.argv[1:]
    if mode == "bucket":
        to_bucket(place)
    elif mode == "steps":
        step_by_step(Path(place), int(rest[0]))
    else:
        {"publish": alternate, "naive": write_in_place}[mode](Path(place))
