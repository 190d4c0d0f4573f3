"""Faults of the disk: full, locked, taken by something else, damaged."""

from __future__ import annotations

from .lab import Lab, fill
from .rows import row

SLOW = ("--sandbox-fault", "coins/uniswap/=slow:3600")
WAITS = ("--sandbox-fault", "coins/uniswap/=slow:6")


@row("disk", "the output's disk is full", 1, "old", "said with its cause", quick=True)
def full_output(lab: Lab):
    filler = fill(lab.small_disk("out", 1024))
    yield lab.run()
    filler.unlink()


@row("disk", "the cache's disk is full", 0, "new", "published, with one warning")
def full_cache(lab: Lab):
    filler = fill(lab.small_disk("lake", 2048))
    yield lab.run()
    filler.unlink()


@row("disk", "both disks fill up while a vendor is waited for", 1, "old", "said with its cause")
def fills_up(lab: Lab):
    lake, out = lab.small_disk("lake", 2048), lab.small_disk("out", 1024)
    process = lab.start(*WAITS)
    lab.until((out / "x.published/lease.json").exists, process)
    fillers = [fill(lake), fill(out)]
    yield lab.end(process)
    for filler in fillers:
        filler.unlink()


@row("disk", "the temporary folder has no room", 1, "old", "said with its cause", quick=True)
def full_temporary(lab: Lab):
    yield lab.run(env={"TMPDIR": str(lab.small_disk("tmp", 4))})


@row("disk", "the temporary folder is not there", 0, "new", "another one is found")
def no_temporary(lab: Lab):
    yield lab.run(env={"TMPDIR": "/not/there"})


@row("disk", "the output's folder may not be written", 2, "old", "found before any call")
def locked_output(lab: Lab):
    with _locked(lab, "out", 0o555) as under:
        yield lab.run(under=under)


@row("disk", "the output's folder is locked while a vendor is waited for", 1, "old",
     "said with its cause")  # fmt: skip
def locked_meanwhile(lab: Lab):
    under = lab.powerless()
    process = lab.start(*WAITS, under=under)
    lab.until((lab.folder / "out/x.published/lease.json").exists, process)
    with _locked(lab, "out", 0o555):
        yield lab.end(process)


@row("disk", "the cache may only be read", 0, "new", "published, with one warning")
def locked_cache(lab: Lab):
    with _locked(lab, "lake", 0o555) as under:
        yield lab.run(under=under)


@row("disk", "the cache may not even be read", 2, "old", "found before any call")
def hidden_cache(lab: Lab):
    with _locked(lab, "lake", 0o000) as under:
        yield lab.run(under=under)


@row("disk", "a file lies where the cache should", 2, "old", "found before any call")
def file_for_folder(lab: Lab):
    (lab.folder / "file").write_bytes(b"hello")
    yield lab.run("--cache", "file")


@row("disk", "a folder lies where the output should", 2, "old", "found before any call")
def folder_for_file(lab: Lab):
    yield lab.run("--output", "out")


@row("disk", "a folder lies where the report should", 2, "old", "found before any call")
def folder_for_report(lab: Lab):
    report = lab.folder / "out/x.report.json"
    report.unlink()
    report.mkdir()
    yield lab.run()
    report.rmdir()


@row("disk", "the pointer is gone", 0, "new", "made again from the versions")
def no_pointer(lab: Lab):
    (lab.folder / "out/x.published/current.json").unlink()
    yield lab.run()


@row("disk", "the output is somebody else's file", 2, "old", "left alone")
def somebody_elses(lab: Lab):
    (lab.folder / "theirs.parquet").write_bytes(b"hello")
    yield lab.run("--output", "theirs.parquet")
    assert (lab.folder / "theirs.parquet").read_bytes() == b"hello"


@row("disk", "a bit of each cached series is flipped", 0, "new", "fetched again", quick=True)
def rotten(lab: Lab):
    for path in lab.series():
        lab.spoil(path, lambda data: data[:99] + bytes([data[99] ^ 1]) + data[100:])
    yield lab.run()


@row("disk", "what lies beside cached series about them is gone or cut", 0, "new",
     "taken at its word or fetched again")  # fmt: skip
def sidecars(lab: Lab):
    for number, path in enumerate(path for path in lab.paths() if path.endswith(".meta")):
        if path.startswith("lake/"):
            lab.spoil(path, (lambda data: data[:20], lambda data: b"")[number % 2])
    yield lab.run()


@row("disk", "the pointer is cut in half", 0, "new", "made again from the versions")
def cut_pointer(lab: Lab):
    lab.spoil("out/x.published/current.json", lambda data: data[: len(data) // 2])
    yield lab.run()


@row("disk", "a file of the published version is damaged", 0, "new", "healed by its copy")
def rotten_version(lab: Lab):
    for path in lab.paths():
        if path.endswith("/user_facing_data.parquet"):
            lab.spoil(path, lambda data: data[:99] + bytes([data[99] ^ 1]) + data[100:])
    yield lab.run()


@row("disk", "the file of the fixed name is gone, the one beside it cut", 0, "new", "made again")
def no_copies(lab: Lab):
    (lab.folder / "out/x.parquet").unlink()
    lab.spoil("out/x.assets.parquet", lambda data: data[:100])
    yield lab.run()


@row("disk", "temporary files of dead writers lie about", 0, "new", "swept")
def leftovers(lab: Lab):
    path = "out/.x.parquet.0badf00d.tmp"
    lab.put(path, b"half")
    yield lab.run()
    assert path not in lab.paths()


class _locked:  # noqa: N801  # a context, named as it reads
    """A folder, all below it included, under other permissions; gives the words before a command
    that make them count for root, too."""

    def __init__(self, lab: Lab, name: str, mode: int) -> None:
        self._under, self._mode = lab.powerless(), mode
        top = lab.folder / name
        self._folders = [top, *(path for path in top.rglob("*") if path.is_dir())]

    def __enter__(self) -> list[str]:
        for folder in reversed(self._folders):
            folder.chmod(self._mode)
        return self._under

    def __exit__(self, *_: object) -> None:
        for folder in self._folders:
            folder.chmod(0o755)
