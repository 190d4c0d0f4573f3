"""`python -m datalake` is the `datalake` command."""

from __future__ import annotations

from datalake.cli import main

main()
