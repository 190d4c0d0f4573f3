"""`python -m benchmarks.charts`: the first chart of an asset, on our page and on others' pages."""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

from attrs import frozen
from playwright.sync_api import Browser, sync_playwright

from datalake.publish import open_place

from .__main__ import DATALAKE, row
from .publishing import candidate, publication

PAGES = Path(__file__).with_name("pages")
WATCH = (PAGES / "drawn.js").read_text(encoding="utf-8")
OURS = "`datalake dashboard`"
LONGEST = 120  # seconds: nothing takes this long, but machines may be busy


@frozen
class Contestant:
    """A server of a page, told the two published files and a port. `library` is what its Python
    must have; `within` selects the chart where the page has others, too."""

    command: Callable[[str, str, str], Sequence[str]]
    library: str | None = None
    route: str = ""
    within: str = "*"


class Times(NamedTuple):
    """Seconds: from each start of a server to its first answer, and of each load to its chart."""

    starts: list[float]
    charts: list[float]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.charts", description=__doc__)
    parser.add_argument("--assets", type=int, default=200, help="assets of the file [200]")
    parser.add_argument("--days", type=int, default=2500, help="days of each [2500]")
    parser.add_argument("--rounds", type=int, default=7, help="starts of each server [7]")
    parser.add_argument("--loads", type=int, default=3, help="loads after each start [3]")
    parser.add_argument(
        "--python", metavar="PATH", default=sys.executable, help="one that has the libraries"
    )
    parser.add_argument("--screens", type=Path, help="folder for a picture of each chart")
    given = parser.parse_args()
    every = contestants(given.python)
    here = {name: one for name, one in every.items() if installed(given.python, one.library)}
    times = {name: Times([], []) for name in here}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder, "user_facing_data.parquet")
        publication(candidate(given.assets, given.days), open_place(file, {}, {}))
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            # whatever a page asks of other hosts, nobody answers
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        for _ in range(given.rounds):
            for name, one in here.items():
                picture = (
                    given.screens and given.screens / f"{name.strip('`').replace(' ', '-')}.png"
                )
                visit = Visit(browser, one.within, given.days // 5)
                with served(one, file, times[name]) as url:
                    visit.first_chart(url, picture)  # what the first load warms is not counted
                    times[name].charts.extend(visit.first_chart(url) for _ in range(given.loads))
        browser.close()
    table(times)
    missing = [name for name in every if name not in here]
    if missing:
        print(f"\nLeft out, since {given.python} does not have them: {', '.join(missing)}")


def contestants(python: str) -> dict[str, Contestant]:
    """All by their names, ours first."""
    panel, dash, streamlit, by_hand = (
        str(PAGES / f"{name}.py")
        for name in ("with_panel", "with_dash", "with_streamlit", "by_hand")
    )

    def ours(file: str, _: str, port: str) -> Sequence[str]:
        return [DATALAKE, "dashboard", "--no-open", "--port", port, "--input", file]

    def by_panel(file: str, assets: str, port: str) -> Sequence[str]:
        return [*(python, "-m", "panel", "serve", panel, "--port", port), "--args", file, assets]

    def by_dash(file: str, assets: str, port: str) -> Sequence[str]:
        return [python, dash, file, assets, port]

    def by_streamlit(file: str, assets: str, port: str) -> Sequence[str]:
        quiet = ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
        command = [python, "-m", "streamlit", "run", streamlit, "--server.port", port]
        return [*command, *quiet, "--", file, assets]

    def a_page_by_hand(file: str, assets: str, port: str) -> Sequence[str]:
        return [sys.executable, by_hand, file, assets, port]

    first = ".panels .chart:first-child"
    return {
        OURS: Contestant(ours, route="#/asset/asset-0000", within=first),
        "Panel": Contestant(by_panel, "panel", route="with_panel"),
        "Dash": Contestant(by_dash, "dash"),
        "Streamlit": Contestant(by_streamlit, "streamlit"),
        "a page by hand": Contestant(a_page_by_hand),
    }


def installed(python: str, library: str | None) -> bool:
    """Whether that Python finds it."""
    asks = f"import importlib.util as u, sys; sys.exit(u.find_spec({library!r}) is None)"
    return library is None or subprocess.run([python, "-c", asks], check=False).returncode == 0


@contextmanager
def served(one: Contestant, file: Path, times: Times) -> Iterator[str]:
    """A server in a process of its own, once it answers; its output is shown if it does not."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = one.command(str(file), str(file.with_name("user_facing_assets.parquet")), str(port))
    url = f"http://127.0.0.1:{port}/{one.route}"
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        child = subprocess.Popen(command, cwd=file.parent, stdout=output, stderr=output)
        try:
            while not answers(url):
                if child.poll() is not None or time.perf_counter() - started > LONGEST:
                    output.seek(0)
                    raise SystemExit(f"{' '.join(command)} does not answer\n{output.read()}")
                time.sleep(0.01)
            times.starts.append(time.perf_counter() - started)
            yield url
        finally:
            child.terminate()
            child.wait(LONGEST)


def answers(url: str) -> bool:
    """Whether the page is there."""
    try:
        with urlopen(url.partition("#")[0], timeout=LONGEST) as answer:
            return bool(answer.status == 200)
    except (URLError, ConnectionError):
        return False


@frozen
class Visit:
    """Looks at a page until its chart is drawn, with lines of `least` points."""

    browser: Browser
    within: str
    least: int

    def first_chart(self, url: str, picture: Path | None = None) -> float:
        """Seconds from the navigation on, in a browser that has seen nothing yet."""
        context = self.browser.new_context(viewport={"width": 1280, "height": 800})
        facts = {"within": self.within, "least": self.least, "longest": LONGEST * 1000}
        context.add_init_script(f"({WATCH})({json.dumps(facts)})")
        page = context.new_page()
        page.goto(url, wait_until="commit")
        took = float(page.evaluate("() => window.firstChart")) / 1000
        if picture:
            page.screenshot(path=picture)
        context.close()
        return took


def table(times: dict[str, Times]) -> None:
    """Ours to each of the others."""
    print("| what to what | base | measured | ratio |\n| --- | --- | --- | --- |")
    ours = times[OURS]
    others = {name: one for name, one in times.items() if name != OURS}
    for name, other in others.items():
        what = f"first chart by {OURS} to {name}: time"
        row(what, "s", median(other.charts), median(ours.charts))
        row(f"{what}, the least", "s", min(other.charts), min(ours.charts))
    for name, other in others.items():
        row(f"start of {OURS} to {name}: time", "s", median(other.starts), median(ours.starts))


if __name__ == "__main__":
    main()
