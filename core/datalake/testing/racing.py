"""Many writers count up one object, each by read and conditional write: none may be lost.

Run as `python -m datalake.testing.racing MODULE:OPENER URL KEY TIMES`, it is one such writer; it
waits for a line on stdin, so that all begin together.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import IO

from ..errors import Conflict
from ..stores import ABSENT, Store


def count_up(store: Store, key: str, times: int) -> None:
    """Add one to the number in an object, so many times, whoever else does."""
    done = 0
    while done < times:
        found = store.get(key)
        number = int(found.data) if found else 0
        try:
            store.put(
                key,
                str(number + 1).encode(),
                {"number": str(number + 1)},
                if_generation=found.generation if found else ABSENT,
            )
        except Conflict:
            continue
        done += 1


def race(opener: str, url: str, key: str, *, processes: int, times: int) -> None:
    """Let so many processes count up the object at once; RuntimeError where one fails."""
    command = [sys.executable, "-m", __name__, opener, url, key, str(times)]
    with ExitStack() as stack:
        writers = [stack.enter_context(_writer(command)) for _ in range(processes)]
        for writer in writers:
            _pipe(writer.stdout).readline()
        for writer in writers:
            with suppress(BrokenPipeError):  # it died at the start; its last words tell why
                _pipe(writer.stdin).write("go\n")
                _pipe(writer.stdin).flush()
        told = [writer.communicate()[1] for writer in writers]
    failed = [text for writer, text in zip(writers, told, strict=True) if writer.returncode]
    if failed:
        raise RuntimeError(
            f"{len(failed)} of {processes} writers failed, the first with: {failed[0]}"
        )


@contextmanager
def _writer(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    with subprocess.Popen(  # noqa: S603  # our own interpreter and module
        command, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as writer:
        try:
            yield writer
        finally:
            writer.kill()


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise RuntimeError("a writer was started without pipes")
    return stream


def load_opener(name: str) -> Callable[[str], Store]:
    """The function that `module:function` names."""
    module, _, function = name.partition(":")
    opener: Callable[[str], Store] = getattr(importlib.import_module(module), function)
    return opener


if __name__ == "__main__":
    _opener, _url, _key, _times = sys.argv[1:]
    _store = load_opener(_opener)(_url)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    count_up(_store, _key, int(_times))
