"""Faults of the store: a bucket that refuses, loses answers, damages, vanishes."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import signal

import polars as pl

from .lab import YESTERDAY, Lab
from .rows import row

HTML = "html"


@row("store", "one request in five is answered 503", 0, "new", "tried again", over="bucket",
     quick=True)  # fmt: skip
def busy(lab: Lab):
    lab.gcs.fault("status:503", times=0, prob=0.2)
    yield lab.run()
    lab.gcs.clear()


@row("store", "one write in five is answered 429", 0, "new", "tried again", over="bucket")
def throttled(lab: Lab):
    lab.gcs.fault("status:429", operation="insert", times=0, prob=0.2)
    yield lab.run()
    lab.gcs.clear()


@row("store", "at most one write a second to an object", 0, "new", "waits its turn", over="bucket")
def gated(lab: Lab):
    lab.gcs.storage.gate = 1.0
    yield lab.run()
    lab.gcs.storage.gate = 0.0


@row("store", "one request in five is reset before it is applied", 0, "new", "tried again",
     over="bucket")  # fmt: skip
def reset(lab: Lab):
    lab.gcs.fault("reset", times=0, prob=0.2)
    yield lab.run()
    lab.gcs.clear()


@row("store", "one write in three is applied and its answer lost", 0, "new",
     "one copy of each row", over="bucket", quick=True)  # fmt: skip
def lost_answers(lab: Lab):
    lab.gcs.fault("reset", operation="insert", when="after", times=0, prob=0.3)
    yield lab.run()
    lab.gcs.clear()


@row("store", "a third of the downloads is cut", 0, "new", "read again", over="bucket")
def cut(lab: Lab):
    lab.gcs.fault("truncate:100", operation="media", times=0, prob=0.3)
    yield lab.run()
    lab.gcs.clear()


@row("store", "a third of the downloads arrives with a flipped bit", 0, "new", "read again",
     over="bucket")  # fmt: skip
def flipped(lab: Lab):
    lab.gcs.fault("corrupt", operation="media", times=0, prob=0.3)
    yield lab.run()
    lab.gcs.clear()


@row("store", "every list is answered with a page of HTML", 2, "old", "found before any call",
     over="bucket")  # fmt: skip
def html(lab: Lab):
    lab.gcs.fault(HTML, operation="list", times=0)
    yield lab.run()
    lab.gcs.clear()


@row("store", "there is no such bucket", 2, "old", "no call is made", over="bucket")
def no_bucket(lab: Lab):
    done = lab.run("--cache", "gs://nobodys-bucket")
    assert "api.coingecko.com/api" not in done.err
    yield done


@row("store", "the bucket may not be read (403)", 2, "old", "no call is made", over="bucket")
def unreadable(lab: Lab):
    for operation in ("media", "get", "list"):
        lab.gcs.fault("status:403", operation=operation, times=0)
    yield lab.run()
    lab.gcs.clear()


@row("store", "the bucket may not be written (403)", 2, "old", "no call is made", over="bucket")
def unwritable(lab: Lab):
    lab.gcs.fault("status:403", operation="insert", times=0)
    yield lab.run()
    lab.gcs.clear()


@row("store", "the cache may not be written (403), the output may", 0, "new",
     "published, with one warning", over="bucket")  # fmt: skip
def unwritable_cache(lab: Lab):
    lab.gcs.fault("status:403", operation="insert", name="cache/*", times=0)
    yield lab.run()
    lab.gcs.clear()


@row("store", "there are no Google credentials", 2, "old", "no call is made")
def no_credentials(lab: Lab):
    nowhere = {"GCE_METADATA_HOST": "127.0.0.1:9", "NO_GCE_CHECK": "true"}
    yield lab.run("--cache", "gs://lake", env=nowhere)


@row("store", "the bucket stalls for seconds as the pointer is swapped", 0, "new", "waited for",
     over="bucket")  # fmt: skip
def stalls(lab: Lab):
    lab.gcs.fault("stall:3", operation="insert", name="*/current.json")
    yield lab.run()
    lab.gcs.clear()


@row("store", "the bucket vanishes during the fetch", 1, "old", "given up after a minute",
     over="bucket")  # fmt: skip
def vanishes_early(lab: Lab):
    lab.gcs.fault("reset", times=0, skip=45)
    yield lab.run()
    lab.gcs.clear()


@row("store", "the bucket vanishes before the pointer is swapped", 1, "old",
     "given up after a minute", over="bucket")  # fmt: skip
def vanishes_late(lab: Lab):
    _vanish_at_the_pointer(lab, "before")
    yield lab.run()
    lab.gcs.clear()


@row("store", "the bucket vanishes once the pointer is swapped", 3, "new",
     "published; the copies come with the next run", over="bucket")  # fmt: skip
def vanishes_too_late(lab: Lab):
    _vanish_at_the_pointer(lab, "after")
    yield lab.run()
    lab.gcs.clear()


@row("store", "another pipeline writes each series between our read and write", 0, "new",
     "both are kept", over="bucket")  # fmt: skip
def rival(lab: Lab):
    def write_first(request):
        lab.put(request.name, lab.data(request.name))

    known = set(lab.series())
    for name in known:
        lab.gcs.fault(write_first, operation="insert", name=name)
    yield lab.run()
    lab.gcs.clear()


@row("store", "an older run comes to publish after a newer one", 4, "new", "the fence holds",
     over="bucket", quick=True)  # fmt: skip
def fenced(lab: Lab):
    assert lab.run().code == 0
    yield lab.run(as_of=YESTERDAY)


@row("store", "a bit of each cached series is flipped where it lies", 0, "new", "fetched again",
     over="bucket")  # fmt: skip
def rotten(lab: Lab):
    for path in lab.series():
        lab.spoil(path, lambda data: data[:99] + bytes([data[99] ^ 1]) + data[100:])
    yield lab.run()


@row("store", "cached series are cut, empty, random", 0, "new", "fetched again", over="bucket")
def garbage(lab: Lab):
    for number, path in enumerate(lab.series()):
        whole = lab.data(path)
        lab.put(path, (whole[: len(whole) // 2], b"", os.urandom(999))[number % 3])
    yield lab.run()


@row("store", "cached series are somebody else's parquet, with its own sha256", 0, "new",
     "fetched again", over="bucket")  # fmt: skip
def foreign(lab: Lab):
    sink = io.BytesIO()
    pl.DataFrame({"ds": ["2026-01-01"], "y": [1]}).write_parquet(sink)
    _poison(lab, sink.getvalue())
    yield lab.run()


@row("store", "cached series are of a version to come", 0, "new", "fetched again", over="bucket")
def to_come(lab: Lab):
    for path in lab.series():
        metadata = {**lab.gcs.objects("lake")[path].metadata, "schema_version": "99"}
        lab.gcs.poke("lake", path, lab.data(path), metadata)
    yield lab.run()


@row("store", "a cached series is a parquet bomb", 0, "new", "refused by its footer",
     over="bucket")  # fmt: skip
def bomb(lab: Lab):
    sink = io.BytesIO()
    pl.select(date=pl.repeat(0, 50_000_000), price=pl.repeat(0.0, 50_000_000)).write_parquet(sink)
    _poison(lab, sink.getvalue())
    yield lab.run()


@row("store", "cached series are pickles that run a command", 0, "new", "never unpickled",
     over="bucket")  # fmt: skip
def gadget(lab: Lab):
    class Gadget:
        def __reduce__(self):
            return os.system, (f"touch {lab.folder}/hacked",)

    _poison(lab, pickle.dumps(Gadget()))
    yield lab.run()
    assert not (lab.folder / "hacked").exists()


@row("store", "objects of others lie between ours", 0, "new", "left alone", over="bucket")
def others(lab: Lab):
    strays = ["cache/series/v1/notes.txt", "cache/other/", "out/x.published/versions/readme.md"]
    for path in strays:
        lab.put(path, b"not ours")
    yield lab.run()
    assert [lab.data(path) for path in strays] == [b"not ours"] * 3


@row("store", "the pointer is cut in half", 0, "new", "made again from the versions", over="bucket")
def cut_pointer(lab: Lab):
    lab.spoil("out/x.published/current.json", lambda data: data[: len(data) // 2])
    yield lab.run()


@row("store", "the published version has lost a file", 0, "new", "healed by its copy",
     over="bucket")  # fmt: skip
def lost_version(lab: Lab):
    lab.gcs.remove("lake", _published(lab))
    yield lab.run()


@row("store", "SIGKILL before the pointer is swapped", -signal.SIGKILL, "old", "nothing is between",
     over="bucket", quick=True)  # fmt: skip
def killed_before(lab: Lab):
    yield _killed(lab, "before")


@row("store", "SIGKILL after the pointer is swapped", -signal.SIGKILL, "new", "nothing is between",
     over="bucket")  # fmt: skip
def killed_after(lab: Lab):
    yield _killed(lab, "after")


def _vanish_at_the_pointer(lab: Lab, when: str) -> None:
    pointer = {"operation": "insert", "name": "*/current.json"}
    lab.gcs.fault(lambda _: lab.gcs.fault("reset", times=0), when=when, **pointer)
    if when == "before":
        lab.gcs.fault("reset", **pointer)


def _killed(lab: Lab, when: str):
    process = lab.start()

    def kill(_):
        os.kill(process.pid, signal.SIGKILL)

    lab.gcs.fault(kill, operation="insert", name="*/current.json", when=when)
    if when == "before":
        lab.gcs.fault("reset", operation="insert", name="*/current.json")
    done = lab.end(process)
    lab.gcs.clear()
    return done


def _poison(lab: Lab, data: bytes) -> None:
    """In place of each series, with a sha256 that fits."""
    for path in lab.series():
        metadata = {**lab.gcs.objects("lake")[path].metadata}
        metadata["sha256"] = hashlib.sha256(data).hexdigest()
        lab.gcs.poke("lake", path, data, metadata)


def _published(lab: Lab) -> str:
    return next(path for path in lab.paths() if path.endswith("/user_facing_data.parquet"))
