"""Whether a process of this machine still lives: its number alone may be another one's by now."""

from __future__ import annotations

import os
from pathlib import Path

#: What the system calls its own start, and the numbering of processes that this one is in.
_BOOT, _NUMBERING = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
#: Where in the system's line on a process, after its name, the state and the start time are.
_STATE, _STARTED = 0, 19
_DEAD = ("Z", "X")


def whereabouts() -> str:
    """Where a process's number means what it means here: of containers, or machines, that have one
    host name each has its own. Empty where the system does not say."""
    try:
        return f"{_BOOT.read_text(encoding='ascii').strip()} {_NUMBERING.readlink()}"
    except OSError:
        return ""


def birth(pid: int) -> str:
    """When the system says that a process was started, in its own count; empty where it does not
    say, or where what is left of the process only waits for its parent to notice."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    fields = line.rpartition(")")[2].split()
    return "" if fields[_STATE] in _DEAD else fields[_STARTED]


def gone(pid: int, born: str) -> bool:
    """Whether the process of that number and that birth (empty: not known) is no more.

    In a container that is started again the new process has the old one's number.
    """
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # or no process can have such a number
        return True
    except OSError:
        pass  # it lives, and is another user's
    return bool(born) and birth(pid) != born
