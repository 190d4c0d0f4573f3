"""A place where yesterday's run went well, and where today's can be made to go wrong."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from attrs import define, field, frozen

from ..cli.conftest import environment
from ..cli.test_keys_left import CANARIES
from ..fake_gcs import FakeGcs
from .standing import Standing, examine

DATALAKE = (sys.executable, "-m", "datalake")
RUN = ("run", "--sandbox", "--assets", "dogecoin,uniswap", "--since", "2026-03-01")
YESTERDAY, TODAY = "2026-03-14T10:30Z", "2026-03-15T10:30Z"
LOCAL = ("--cache", "lake", "--output", "out/x.parquet")
BUCKET = ("--cache", "gs://lake/cache", "--output", "gs://lake/out/x.parquet")
#: Seconds after which a run that should have ended counts as one that hangs.
HANGS = 200.0


class NotHere(Exception):
    """What a row needs cannot be had on this machine."""


@frozen
class Done:
    """How a process ended (a signal's number is negative), and what it said."""

    code: int
    out: str
    err: str


@frozen
class Beginning:
    """What yesterday's run left, and what today's makes of it where nobody disturbs it.

    `more` are flags that all runs of it have.
    """

    kind: str
    more: tuple[str, ...]
    folder: Path = field(repr=False)
    objects: Mapping[str, object] = field(repr=False)
    old: Standing
    new: Standing


@define(eq=False)
class Lab:
    """One copy of the beginning, in a folder of its own and, for a bucket, on a server of its own.

    `gcs` is None where cache and output are folders.
    """

    folder: Path
    gcs: FakeGcs | None = None
    more: tuple[str, ...] = ()
    done: list[Done] = field(factory=list)
    _mounts: list[Path] = field(factory=list)

    @property
    def places(self) -> tuple[str, ...]:
        return BUCKET if self.gcs else LOCAL

    @property
    def variables(self) -> dict[str, str]:
        more = {"STORAGE_EMULATOR_HOST": self.gcs.url, "GCP_PROJECT_ID": "test"} if self.gcs else {}
        return environment(self.folder, **CANARIES, **more)

    def line(self, as_of: str) -> tuple[str, ...]:
        """The command line of a run, all of it logged."""
        return (*RUN, *self.more, "--as-of", as_of, *self.places, "--log-level", "debug")

    def start(
        self, *more: str, as_of: str = TODAY, env: Mapping[str, str] | None = None,
        command: Sequence[str] | None = None, under: Sequence[str] = (),
    ) -> subprocess.Popen[bytes]:  # fmt: skip
        """A run; `more` comes after, and so above, the usual flags."""
        usual = self.line(as_of)
        return subprocess.Popen(
            [*under, *DATALAKE, *(usual if command is None else command), *more],
            cwd=self.folder,
            env={**self.variables, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def end(self, process: subprocess.Popen[bytes]) -> Done:
        """Wait for a run; one that hangs is killed, and its code is none that anybody expects."""
        try:
            out, err = process.communicate(timeout=HANGS)
            code = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            (out, err), code = process.communicate(), 999
        done = Done(code, (out or b"").decode(), (err or b"").decode())
        self.done.append(done)
        return done

    def run(self, *more: str, **how: object) -> Done:
        """A run from start to end."""
        return self.end(self.start(*more, **how))  # type: ignore[arg-type]

    def stopped(
        self, number: signal.Signals, when: Callable[[], object], *more: str, **how: object
    ) -> Done:
        """A run that gets a signal as soon as `when` is true."""
        process = self.start(*more, **how)  # type: ignore[arg-type]
        self.until(when, process)
        process.send_signal(number)
        return self.end(process)

    def until(self, when: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
        while not when() and process.poll() is None:
            time.sleep(0.005)  # to look again, not to be in step with anything

    def data(self, path: str) -> bytes:
        """A file, or an object, by its path in the folder or in the bucket."""
        if self.gcs:
            found = self.gcs.peek("lake", path)
            assert found is not None, path
            return found
        return (self.folder / path).read_bytes()

    def put(self, path: str, data: bytes) -> None:
        """Write as nobody of ours would: in place, and with the metadata that lay there."""
        if self.gcs:
            lying = self.gcs.objects("lake").get(path)
            self.gcs.poke("lake", path, data, lying.metadata if lying else None)
            return
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(data)

    def spoil(self, path: str, how: Callable[[bytes], bytes]) -> None:
        self.put(path, how(self.data(path)))

    def series(self) -> list[str]:
        """Where the cached series lie."""
        return sorted(path for path in self.paths() if path.endswith("/series.parquet"))

    def paths(self) -> list[str]:
        if self.gcs:
            return list(self.gcs.objects("lake"))
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return [str(path.relative_to(self.folder)) for path in files]

    def standing(self) -> Standing:
        """What a reader finds, and what the cache holds."""
        if self.gcs:
            lying = {name: one.data for name, one in self.gcs.objects("lake").items()}
            cache = "cache/"
        else:
            lying = {path: (self.folder / path).read_bytes() for path in self.paths()}
            cache = "lake/"
        return examine(lying, "out/", cache)

    def small_disk(self, name: str, kilobytes: int) -> Path:
        """The folder of that name, from now on on a small disk, with what lies in it."""
        folder, aside = self.folder / name, self.folder / f"{name}.aside"
        folder.mkdir(exist_ok=True)
        folder.rename(aside)
        folder.mkdir()
        size = ["-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
        done = subprocess.run(["mount", *size], capture_output=True, text=True)
        if done.returncode:
            raise NotHere(f"a small disk cannot be mounted: {done.stderr.strip()}")
        self._mounts.append(folder)
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        shutil.rmtree(aside)
        return folder

    def powerless(self) -> list[str]:
        """The words before a command that keep root to what permissions allow."""
        words = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]
        with suppress(FileNotFoundError):
            if subprocess.run([*words, "true"], capture_output=True).returncode == 0:
                return words
        raise NotHere("setpriv, which gives up root's power, is not installed or not allowed")

    def forget(self) -> None:
        """Empty the cache."""
        for path in self.series():
            if self.gcs:
                self.gcs.remove("lake", path)
            else:
                (self.folder / path).unlink()

    def close(self) -> None:
        for folder in self._mounts:
            subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no room on the disk of that folder."""
    path = folder / "fill"
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    return path


@contextmanager
def lab(beginning: Beginning, folder: Path) -> Iterator[Lab]:
    """A copy of the beginning to be disturbed."""
    shutil.copytree(beginning.folder, folder)
    if beginning.kind == "local":
        made = Lab(folder, more=beginning.more)
        try:
            yield made
        finally:
            made.close()
        return
    with FakeGcs() as gcs:
        gcs.create_bucket("lake")
        with gcs.storage.lock:
            gcs.storage.buckets["lake"].update(beginning.objects)
        yield Lab(folder, gcs, beginning.more)


def begin(kind: str, place: Path, *more: str) -> Beginning:
    """Yesterday's run, and today's on a copy of what it left."""
    folder = place / "yesterday"
    folder.mkdir(parents=True)
    with FakeGcs() as gcs:
        gcs.create_bucket("lake")
        first = Lab(folder, gcs if kind == "bucket" else None, more)
        done = first.run(as_of=YESTERDAY)
        assert done.code == 0, done.err
        old, objects = first.standing(), gcs.objects("lake")
    bare = Beginning(kind, more, folder, objects, old, old)
    with lab(bare, place / "today") as copy:
        done = copy.run()
        assert done.code == 0, done.err
        return Beginning(kind, more, folder, objects, old, copy.standing())
