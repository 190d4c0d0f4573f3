"""The documentation site is built without a warning, and its pages load nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from .conftest import ROOT, build_site

DOCS = ROOT / "docs"
#: What a browser fetches by itself when it shows a page; a link is followed by a person.
LOADING = {
    "src": {"script", "img", "iframe", "embed", "source", "video", "audio", "track", "input"},
    "srcset": {"img", "source"},
    "data": {"object"},
    "poster": {"video"},
    "href": {"link", "use", "image", "base"},
}


class Loads(HTMLParser):
    """Collects what a page makes a browser load."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if value and tag in LOADING.get(name, ())]


def elsewhere(path):
    """The addresses of other origins from which a page or style sheet loads."""
    text = path.read_text(encoding="utf-8")
    found = Loads(text).found if path.suffix == ".html" else []
    found += re.findall(r"""url\(\s*["']?([^"')\s]+)""", text)
    found += re.findall(r"""@import\s+["']([^"']+)""", text)
    return [one for one in found if re.match(r"(?:[a-z]+:)?//", one, re.IGNORECASE)]


def test_nothing_loads_from_another_origin(site):
    """No font, script, style or picture of somebody else's: the site works without a network."""
    files = [*site.rglob("*.html"), *site.rglob("*.css"), *site.rglob("*.svg")]
    assert len([path for path in files if path.suffix == ".html"]) > 10
    assert {str(path): elsewhere(path) for path in files if elsewhere(path)} == {}


@pytest.mark.parametrize(
    "text",
    [
        "<script src='https://cdn.example/a.js'></script>",
        "<link rel=stylesheet href=//cdn.example/a.css>",
        "<style>@import 'https://cdn.example/a.css';</style>",
        "<p style='background: url(https://cdn.example/a.png)'>",
    ],
)
def test_the_search_finds_what_it_forbids(text, tmp_path):
    """The check above can fail."""
    page = tmp_path / "page.html"
    page.write_text(text, encoding="utf-8")
    assert len(elsewhere(page)) == 1


def test_each_page_is_in_the_site(site):
    """Every Markdown file under docs/ has become a page."""
    for page in DOCS.rglob("*.md"):
        assert (site / page.relative_to(DOCS)).with_suffix(".html").is_file(), page


def test_a_link_to_nowhere_stops_the_build(tmp_path):
    """Warnings are errors: the build above can fail."""
    (tmp_path / "index.md").write_text("# Title\n\n[nowhere](nowhere.md)\n", "utf-8")
    done = build_site(tmp_path, tmp_path / "out")
    assert done.returncode
    assert "nowhere" in done.stderr


def test_the_parts_are_the_folders():
    """Tutorial, guides, reference and explanation, and nothing beside them."""
    folders = {path.name for path in DOCS.iterdir() if path.is_dir() and path.name[0] not in "._"}
    assert folders == {"tutorial", "how-to", "reference", "explanation"}
