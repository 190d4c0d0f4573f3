"""`datalake providers new`: a package of one's own, green from the start."""

from __future__ import annotations

from pathlib import Path

import click

from ..scaffold import checked_name, write_package


@click.command("new")
@click.argument("name")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    help="A new folder for the package.  [default: datalake-NAME]",
)
def new(name: str, folder: Path | None) -> None:
    """Write a small, complete package for a new provider called NAME.

    It has one dataset of a vendor that does not exist, samples, a test that passes, and the files
    that a package needs; its README says how to make it your vendor's.

    \b
    Examples:
      datalake providers new acme
      datalake providers new acme --dir ../datalake-acme
    """
    folder = folder or Path(f"datalake-{checked_name(name).replace('_', '-')}")
    files = write_package(checked_name(name), folder)
    for file in files:
        click.echo(file)
    click.echo(f"\nNext:\n  cd {folder}\n  pip install -e '.[dev]'\n  pytest", err=True)
