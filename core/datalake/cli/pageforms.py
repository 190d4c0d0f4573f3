"""The page of a run for a chat or a mail: Markdown, or one HTML file that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from .onepage import NOTHING, SYNTHETIC, Page, Table

#: What Markdown would take for something else than text; not what is inside of a word.
_MARKS = re.compile(r"([\\`*{}\[\]<>#|~!]|(?<!\w)_|_(?!\w))")
_STYLE = """
:root { color-scheme: light dark; --ink: #1a1d21; --dim: #5d6670; --line: #d9dee3; --paper: #fff;
  --good: #0a7d45; --warning: #8a5a00; --bad: #b3261e; --mark: #ffd54a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --dim: #9aa4ae; --line: #333a41;
  --paper: #14171a; --good: #4cc38a; --warning: #f0b54a; --bad: #ff8a80; } }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.2; }
h2 { margin: 1.75rem 0 .25rem; font-size: 1rem; }
.good h1 { color: var(--good); }
.warning h1 { color: var(--warning); }
.bad h1 { color: var(--bad); }
.mark { margin: 0; padding: .6rem 1rem; background: var(--mark); color: #1a1d21; font-weight: 700;
  text-align: center; }
p { margin: .15rem 0; } ul { margin: .25rem 0; padding-left: 1.25rem; }
li { overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { color: var(--dim); font-weight: 500; text-align: left; }
th, td { padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
.figure { text-align: right; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def markdown(page: Page) -> str:
    """The page as Markdown, with a newline at its end."""
    return "\n".join(_markdown(page)) + "\n"


def _markdown(page: Page) -> Iterator[str]:
    yield f"# datalake: {_text(page.title)}"
    yield ""
    if page.synthetic:
        yield f"> **{SYNTHETIC}**"
        yield ""
    yield _text(" ".join(page.told))
    for title, lines in _lists(page):
        yield f"\n## {title}\n"
        yield from (f"- {_text(line)}" for line in lines)
    for table in page.tables:
        yield f"\n## {table.title}\n"
        yield _cells(table.headings)
        figures = range(len(table.headings))
        yield _cells(["---:" if number in table.figures else "---" for number in figures])
        yield from (_cells([_text(cell) for cell in row]) for row in table.rows)


def _lists(page: Page) -> Iterator[tuple[str, Sequence[str]]]:
    yield "What to do", page.steps or [NOTHING]
    if page.notes:
        yield "What was noticed", page.notes


def _cells(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(text: str) -> str:
    """A text that is taken for nothing but text, on one line."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def html(page: Page) -> str:
    """The page as one HTML document: no script, nothing from elsewhere."""
    return "\n".join(_html(page)) + "\n"


def _html(page: Page) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{'SYNTHETIC · ' if page.synthetic else ''}datalake: {escape(page.title)}</title>"
    yield f"<style>{_STYLE}</style>\n</head>\n<body>"
    if page.synthetic:
        yield f'<p class="mark">{SYNTHETIC}</p>'
    yield f'<main class="{page.mood}">\n<h1>{escape(page.title)}</h1>'
    yield from (f"<p>{escape(line)}</p>" for line in page.told)
    for title, lines in _lists(page):
        yield f"<h2>{title}</h2>\n<ul>"
        yield from (f"<li>{escape(line)}</li>" for line in lines)
        yield "</ul>"
    for table in page.tables:
        yield from _html_table(table)
    yield "</main>\n</body>\n</html>"


def _html_table(table: Table) -> Iterator[str]:
    title = escape(table.title)
    yield f'<h2>{title}</h2>\n<div class="scroll" role="region" aria-label="{title}" tabindex="0">'
    yield "<table>\n<thead><tr>"
    yield from _html_cells(table, table.headings, "th")
    yield "</tr></thead>\n<tbody>"
    for row in table.rows:
        yield "<tr>"
        yield from _html_cells(table, row, "td")
        yield "</tr>"
    yield "</tbody>\n</table></div>"


def _html_cells(table: Table, cells: Sequence[str], tag: str) -> Iterator[str]:
    for number, cell in enumerate(cells):
        figure = ' class="figure"' if number in table.figures else ""
        yield f"<{tag}{figure}>{escape(cell)}</{tag}>"
