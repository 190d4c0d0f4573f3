"""Plugins as pip would leave them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a distribution with one entry point on the path, as pip would leave it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(module: str, source: str, dist: str | None = None, version: str = "1.2") -> None:
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{(dist or module).replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {dist or module}\nVersion: {version}\n"
        )
        (info / "entry_points.txt").write_text(f"[datalake]\n{module} = {module}\n")
        monkeypatch.delitem(sys.modules, module, raising=False)

    return install
