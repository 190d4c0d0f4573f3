"""Faults of plugins: broken, doubled, hanging, lying."""

from __future__ import annotations

import signal

from ..cli.test_foreign_providers import install
from .lab import Lab
from .rows import row


def _with(lab: Lab, name: str = "odd", code: str = "return {}", *, module: str | None = None):
    """The variables of a run beside which a foreign plugin is installed."""
    site = lab.folder / "site"
    site.mkdir(exist_ok=True)
    install(site, name, code)
    if module is not None:
        (site / f"{name}_plugin.py").write_text(module)
    return {"PYTHONPATH": str(site)}


def _breaks(fault: str, expected: str, module: str, *, quick: bool = False) -> None:
    @row("plugin", fault, 0, "new", expected, quick=quick)
    def steps(lab: Lab):
        done = lab.run(env=_with(lab, module=module))
        assert "plugin odd (odd 1.2) is left out" in done.err
        yield done


_breaks("a plugin raises on import", "left out and named", "raise RuntimeError('no licence')",
        quick=True)  # fmt: skip
_breaks("a plugin calls sys.exit on import", "left out and named", "import sys; sys.exit(3)")
_breaks("a plugin registers nonsense", "left out and named",
        "from datalake import hookimpl\n\n@hookimpl\ndef register_providers():\n    return [42]\n",
        )  # fmt: skip


@row("plugin", "a plugin that was not asked for", 0, "new", "never imported")
def unasked(lab: Lab):
    module = f"open({str(lab.folder / 'imported')!r}, 'w')"
    done = lab.run("--plugins", "coingecko,defillama,lunarcrush", env=_with(lab, module=module))
    assert not (lab.folder / "imported").exists()
    yield done


@row("plugin", "two plugins register a provider of one name", 2, "old",
     "both are refused by name where it is asked for")  # fmt: skip
def doubled(lab: Lab):
    env = _with(lab, "coingecko")
    yield lab.run("--providers", "coingecko,defillama,lunarcrush", env=env)


def _misbehaves(fault: str, code: str, expected: str) -> None:
    @row("plugin", fault, 3, "new", expected)
    def steps(lab: Lab):
        yield lab.run(env=_with(lab, code=code))


_misbehaves("a plugin's fetch returns a number", "return 42", "its series failed, named")
_misbehaves("a plugin's fetch calls sys.exit", "sys.exit(0)", "its series failed, named")
_misbehaves("a plugin's fetch recurses for ever", "return fetch(native_id, window, client)",
            "its series failed, named")  # fmt: skip
_misbehaves("a plugin's fetch raises with a key in its text",
            "raise RuntimeError(os.environ['COINGECKO_PRO_API_KEY'])",
            "its series failed, the key scrubbed")  # fmt: skip


@row("plugin", "a plugin's fetch prints", 0, "new", "stdout stays data")
def prints(lab: Lab):
    code = "print('hello'); return {'time': [], 'fees': []}"
    done = lab.run(env=_with(lab, code=code))
    assert "hello" not in done.out
    yield done


@row("plugin", "a plugin's fetch hangs, and SIGTERM comes", 143, "old", "ends at once")
def hangs(lab: Lab):
    code = "open('hangs', 'w'); time.sleep(3600)"
    yield lab.stopped(signal.SIGTERM, (lab.folder / "hangs").exists, env=_with(lab, code=code))
