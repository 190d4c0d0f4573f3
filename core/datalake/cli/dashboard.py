"""`datalake dashboard`: what is published, in a browser; from this machine, or as a static site."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import ConfigError, StoreError
from .surroundings import Surroundings, surroundings

if TYPE_CHECKING:
    from ..dashboard.view import View

#: Where the page is served unless another port is named.
PORT = 8732


@click.command("dashboard")
@click.option(
    "--export",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write a static site there, instead of serving it.",
)
@click.option("--input", "path", metavar="PATH", help="The published file: a path, or gs://….")
@click.option(
    "--cache",
    metavar="URL",
    help="The cache of the run.  [default: the one that its report names]",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    help=f"Serve it here; 0 takes a free port.  [default: {PORT}]",
)
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@surroundings("The sandbox's file and cache.")
def command(
    folder: Path | None,
    path: str | None,
    cache: str | None,
    port: int,
    no_open: bool,
    around: Surroundings,
) -> None:
    """Show what is published in a browser: the market, each asset, what is known, and the runs.

    The page is served on this machine alone, and reads the published file itself. It is up to date
    whenever it is loaded; Ctrl-C ends it. With --export DIR it becomes a static site, which any web
    server or bucket can serve; write it again after each run.

    Members, runs and single numbers are shown where the cache of the run is at hand.

    \b
    Examples:
      datalake dashboard --sandbox
      datalake dashboard --sandbox --export site
      datalake dashboard --input gs://bucket/path/user_facing_data.parquet --no-open
    """
    from ..dashboard.site import export
    from ..dashboard.view import View

    page = built_page()
    view = View(around.place(path), cache, around.registry, around.store)
    try:
        if folder is not None:
            export(*view.look(), folder, page)
            click.echo(f"{folder / 'index.html'} shows {view.place.url}")
            return
        with tempfile.TemporaryDirectory(prefix="datalake-dashboard-") as temporary:
            _serve(view, Path(temporary), page, port, open_browser=not no_open)
    except StoreError as error:
        raise ConfigError(f"what was published cannot be shown: {error}") from error


def built_page() -> Path:
    """The folder of the built page. ConfigError where it is not part of this installation."""
    page = Path(str(files("datalake"))) / "dashboard/page"
    if not (page / "index.html").is_file():
        raise ConfigError(
            "the dashboard's page is not part of this installation, since npm was not there to"
            " build it: install Node.js with npm, then datalake again"
        )
    return page


def _serve(view: View, folder: Path, page: Path, port: int, open_browser: bool) -> None:
    """Serve until Ctrl-C comes."""
    from ..dashboard.desk import Desk
    from ..dashboard.server import application, listen, serving

    desk = Desk(view, folder, page)
    with listen(port) as listening:
        desk.current()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        click.echo(f"{view.place.url} is shown at {url}; Ctrl-C ends it.")
        if open_browser and _has_desktop():
            click.launch(url)
        with suppress(KeyboardInterrupt):  # which the server raises again in its end
            serving(application(desk)).run(sockets=[listening])


def _has_desktop() -> bool:
    """Whether a browser would open a window, and not take the terminal over."""
    if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ):
        return False
    return sys.stdout.isatty()
