"""`python -m benchmarks.page`: what the dashboard's page reads, weighs and holds, in a browser."""

from __future__ import annotations

import argparse
import gzip
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from tests.dashboard.browser.serving import Site

from datalake.cli.dashboard import built_page
from datalake.dashboard.site import export
from datalake.dashboard.view import View
from datalake.plugins import load
from datalake.publish import open_place
from datalake.stores import open_store

from .__main__ import row
from .publishing import candidate, publication

FIRST_CHART = ".panels .chart:first-child .readout b"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument("--assets", type=int, default=200, help="assets of the file [200]")
    parser.add_argument("--days", type=int, default=2500, help="days of each [2500]")
    parser.add_argument("--rounds", type=int, default=5, help="times that each is loaded [5]")
    parser.add_argument("--visits", type=int, default=50, help="assets visited in one tab [50]")
    given = parser.parse_args()
    print("| what to what | base | measured | ratio |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = exported(Path(name), given.assets, given.days)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        sizes(folder)
        first_chart(browser, folder, given.rounds)
        memory(browser, folder, given.visits)
        browser.close()


def exported(folder: Path, assets: int, days: int) -> Path:
    """A site of random walks, published as a run publishes."""
    place = open_place(folder / "user_facing_data.parquet", {}, {})
    publication(candidate(assets, days), place)
    view = View(place, None, load(), lambda url: open_store(url or str(folder / "lake"), {}))
    export(*view.look(), folder / "site", built_page())
    return folder / "site"


def sizes(folder: Path) -> None:
    """What of a site is no data, and what every load begins with, as servers compress them."""
    page = [file for file in folder.iterdir() if file.suffix in (".html", ".js", ".css", ".txt")]
    overview = folder / "data/overview.json"
    data = sum(file.stat().st_size for file in folder.rglob("*_data.parquet"))
    for what, files in (("page", page), ("page and overview", [*page, overview])):
        packed = sum(len(gzip.compress(file.read_bytes())) for file in files)
        row(f"{what}, compressed, to the data file: bytes", "MB", data / 1e6, packed / 1e6)


def first_chart(browser: Browser, folder: Path, rounds: int) -> None:
    """A link to an asset, opened in a browser that has seen nothing yet."""
    took: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for ranges, times in took.items():
            site = Site(folder, ranges=ranges)
            # a low window: what is below the first chart is not in sight, and not read
            context = browser.new_context(viewport={"width": 1280, "height": 300})
            started = time.perf_counter()
            visit(context.new_page(), site, 0)
            times.append(time.perf_counter() - started)
            context.close()
            site.close()
            if ranges:
                sent = list(site.sent)
    total = sum(file.stat().st_size for file in folder.rglob("*_data.parquet"))
    data = sum(size for path, _, size in sent if path.endswith("_data.parquet"))
    whole = sum(size for _, _, size in sent)
    row("first chart of an asset to the data file: bytes of it", "MB", total / 1e6, data / 1e6)
    row("first chart of an asset to the data file: all bytes", "MB", total / 1e6, whole / 1e6)
    base, measured = (statistics.median(times) for times in took.values())
    row("first chart by ranges to the whole file: time", "s", base, measured)


def memory(browser: Browser, folder: Path, visits: int) -> None:
    """What the tab's script holds after some assets, and after many more."""
    site = Site(folder)
    page = browser.new_page()
    held, early = [0.0, 0.0], max(1, visits // 5)
    for number in range(visits):
        visit(page, site, number, new=number == 0)
        if number + 1 == early:
            held[0] = heap(page)
    held[1] = heap(page)
    row(f"tab after {visits} assets to after {early}: memory", "MB", *held)
    page.close()
    site.close()


def visit(page: Page, site: Site, number: int, *, new: bool = True) -> None:
    """Show an asset's charts, and wait for the first."""
    route = f"#/asset/asset-{number:04}"
    if new:
        page.goto(site.url + route)
    else:
        page.evaluate("route => { location.hash = route; }", route)
    page.locator("h1", has_text=f"asset-{number:04}").wait_for()
    page.locator(FIRST_CHART).first.wait_for()


def heap(page: Page) -> float:
    """MB that are in use once the garbage is gone."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)  # what has come is drawn
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


if __name__ == "__main__":
    main()
