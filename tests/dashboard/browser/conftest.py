"""A real browser on the built page: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from attrs import define, field, frozen

from datalake.dashboard.site import export

from ..conftest import view_of
from .serving import Site

ROOT = Path(__file__).resolve().parents[3]
WEB = ROOT / "web"
PAGE = ROOT / "core/datalake/dashboard/page"
AXE = WEB / "node_modules/axe-core/axe.min.js"
CHROMIUM = shutil.which("chromium")
LONGEST = 60_000  # milliseconds: nothing here takes this long, but machines may be busy


def absent(what: str) -> None:
    """Skip what cannot be tested here; on CI everything is there, or the run fails."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@frozen
class Elsewhere:
    """A site that somebody else serves."""

    url: str


@define(eq=False)
class Tab:
    """A tab that shows a site. `trouble` is what must not be: errors, requests to elsewhere."""

    page: object
    site: Site | Elsewhere
    trouble: list[str] = field(factory=list)

    def open(self, route: str = "", view: str | None = None) -> Tab:
        """Load the page at a route, and wait until its view, or another one, is shown."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.site.url}#/{route}")
        return self.shown(view or route.split("/")[0].split("?")[0] or "market")

    def go(self, route: str) -> Tab:
        """Go to another view without loading the page again."""
        self.page.evaluate("route => { location.hash = `#/${route}`; }", route)
        return self.shown(route.split("/")[0])

    def shown(self, view: str) -> Tab:
        """Wait until the view of this name is shown."""
        self.page.wait_for_selector(f'main[data-view="{view}"]:not([aria-busy])')
        return self

    def text(self, selector: str) -> str:
        """What the first such element says, once it is there."""
        return self.page.locator(selector).first.inner_text()

    def texts(self, selector: str) -> list[str]:
        """What all such elements say."""
        return self.page.locator(selector).all_inner_texts()

    def rows(self, selector: str = "tbody tr") -> list[list[str]]:
        """The texts of a table's cells, row by row."""
        script = "rows => rows.map(row => [...row.children].map(cell => cell.innerText.trim()))"
        return self.page.locator(selector).evaluate_all(script)


@pytest.fixture(scope="session")
def page_folder() -> Path:
    """The page, built from the source as it is where npm's packages are there."""
    if (WEB / "node_modules").is_dir():
        subprocess.run(["node", "build.js"], cwd=WEB, check=True, capture_output=True)
    if not (PAGE / "index.html").is_file():
        absent("the page is not built; npm builds it when the project is installed")
    return PAGE


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """One browser for all tests."""
    if CHROMIUM is None:
        absent("no chromium; Debian's package of that name has it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield launched
        launched.close()


@pytest.fixture
def tab(browser) -> Iterator[Callable[..., Tab]]:
    """Open tabs on sites; at the end none has logged an error or asked another origin."""
    opened: list[tuple[Tab, object, bool]] = []

    def make(site: Site, *, expected: bool = False, **options: object) -> Tab:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, **options)
        made = Tab(context.new_page(), site)
        made.page.set_default_timeout(LONGEST)
        made.page.on("pageerror", lambda error: made.trouble.append(f"error: {error}"))
        made.page.on("console", lambda said: _hear(made, said))
        made.page.on("request", lambda request: _watch(made, request.url))
        opened.append((made, context, expected))
        return made

    yield make
    for made, context, expected in opened:
        context.close()
        assert expected or made.trouble == []


def _hear(tab: Tab, said: object) -> None:
    if said.type in ("error", "warning"):
        tab.trouble.append(f"console: {said.text}")


def _watch(tab: Tab, url: str) -> None:
    asked = urlsplit(url)
    if asked.scheme not in ("data", "about") and asked.netloc != urlsplit(tab.site.url).netloc:
        tab.trouble.append(f"asked elsewhere: {url}")


@pytest.fixture(scope="session")
def sites(page_folder, tmp_path_factory) -> Iterator[Callable[..., Site]]:
    """Export what a published file has, and serve it; or serve a folder as it is."""
    opened: list[Site] = []

    def make(published: Path | None = None, *, folder: Path | None = None, **how: object) -> Site:
        if folder is None:
            folder = tmp_path_factory.mktemp("site") / "export"
            export(*view_of(published).look(), folder, page_folder)
        opened.append(Site(folder, **how))
        return opened[-1]

    yield make
    for site in opened:
        site.close()


@pytest.fixture(scope="session")
def site(sites, published) -> Site:
    """What two runs published, never to be changed."""
    return sites(published.output)


@pytest.fixture(scope="session")
def overview(site) -> dict:
    """What the page is told of it."""
    return json.loads((site.folder / "data/overview.json").read_text(encoding="utf-8"))


def axe(tab: Tab, rules: Sequence[str] = ()) -> list[str]:
    """What axe-core finds in what the tab shows, by these rules or all; serious or not."""
    if not AXE.is_file():
        absent("no axe-core; `npm ci` in web/ brings it")
    tab.page.evaluate(AXE.read_text(encoding="utf-8"))
    how = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = tab.page.evaluate("how => axe.run(document, how)", how)
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"][:3]
    ]
