"""The public names of the packages, with their docstrings, by Sphinx's autodoc."""

from __future__ import annotations

import importlib
import inspect
import sys

from sphinx.pycode import ModuleAnalyzer

#: What may be imported from where; nothing else is promised to stay.
PACKAGES = ("datalake", "datalake_aggregation", "datalake.testing")


def text() -> str:
    """A section for each package, an entry for each name."""
    return "\n\n".join(_package(name) for name in PACKAGES)


def _package(name: str) -> str:
    package = importlib.import_module(name)
    entries = "\n\n".join(_entry(package, name, one) for one in sorted(package.__all__, key=_order))
    return f"## `{name}`\n\n{inspect.getdoc(package)}\n\n```{{eval-rst}}\n{entries}\n```"


def _order(name: str) -> tuple[bool, str]:
    return name.startswith("_"), name.lower()


def _entry(package: object, home: str, name: str) -> str:
    value = getattr(package, name)
    if inspect.isclass(value):
        kind = "autoexception" if issubclass(value, BaseException) else "autoclass"
        return f".. {kind}:: {home}.{name}\n   :members:"
    if inspect.isroutine(value):
        return f".. autofunction:: {home}.{name}"
    return f".. py:data:: {home}.{name}\n\n   {_comment(name, value)}"


def _comment(name: str, value: object) -> str:
    """What the lines before a value say that begin with `#:`, for it can carry no docstring."""
    for path, module in sorted(sys.modules.items()):
        if path.startswith("datalake") and vars(module).get(name) is value:
            found = ModuleAnalyzer.for_module(path).find_attr_docs().get(("", name))
            if found:
                return " ".join(found).strip()
    raise LookupError(f"{name}: write `#: what it is` before it")
