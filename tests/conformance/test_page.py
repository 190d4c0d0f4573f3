"""The page on writing a provider: its checks are those there are, its example passes, its figures
are right."""

from __future__ import annotations

import ast
import json
import re
import types
from pathlib import Path

from attrs import evolve

from datalake.conformance import checks
from datalake.conformance.outcomes import Grade
from datalake.models import same_id
from datalake.scaffold import TEMPLATES

from .conftest import ACME, FIRST, complaints, report

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/how-to/providers.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
TEMPLATE = (TEMPLATES / "datalake_acme/__init__.py.tmpl").read_text(encoding="utf-8")


def rows(heading):
    """The cells of the table under that first heading."""
    body = re.search(rf"^\| {heading} \|.*\n\|[ -|]*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in body[1].splitlines()]


def test_every_check_is_on_the_page():
    """In the order in which they are made."""
    dataset = evolve(ACME.datasets[0], snapshot=same_id)
    whole = evolve(ACME, universe=same_id, classify=same_id, datasets=[dataset])
    made = [check.name for check in checks(whole, faults=False)]
    assert [cells[0].strip("`") for cells in rows("check")] == made


def test_every_grade_is_on_the_page():
    """With the words that the command prints."""
    assert rows("grade") == [[grade.name, grade.value] for grade in Grade]


def test_the_example_passes(tmp_path):
    """Two datasets with names of their own, on samples of such a vendor, with all faults."""
    module = types.ModuleType("datalake_example")
    exec(compile(EXAMPLE, "providers.md", "exec"), module.__dict__)
    (provider,) = module.register_providers()
    days = [FIRST + 86_400 * day for day in range(5)]
    for kind, unit in (("fees", 3.5), ("revenue", 1.25)):
        body = [{"time": day, "usd": unit * day} for day in days]
        (tmp_path / f"{kind}.json").write_text(json.dumps(body))
    (tmp_path / "protocols.json").write_text('[{"slug": "lido", "coingecko_id": "lido-dao"}]')
    window = f"from={days[0]}&to={days[-1] + 86_400}"
    index = {
        "as_of": "2026-03-15T10:30:00Z",
        "window": ["2026-03-01", "2026-03-06"],
        "assets": ["lido-dao"],
        "known": {
            "fees": {"2026-03-02": {"fees": 3.5 * days[1]}},
            "revenue": {"2026-03-02": {"revenue": 1.25 * days[1]}},
        },
        "answers": {
            "protocols": "protocols.json",
            f"protocols/lido/fees?{window}": "fees.json",
            f"protocols/lido/revenue?{window}": "revenue.json",
        },
    }
    (tmp_path / "index.json").write_text(json.dumps(index))
    assert complaints(report(provider, tmp_path, faults=True)) == {}


def test_the_lines_are_counted():
    """Those of the scaffold, of its test, of the example and of the store in SQLite."""
    test = (TEMPLATES / "tests/test_acme.py.tmpl").read_text(encoding="utf-8")
    store = ROOT / "examples/datalake-fees/src/datalake_fees/sqlite.py"
    texts = (TEMPLATE, test, EXAMPLE, store.read_text(encoding="utf-8"))
    _, *told = re.search(r"^\| (datalake) \|(.*)\|$", PAGE, re.MULTILINE)[0].split("|")[1:-1]
    assert [int(re.search(r"\d+", cell)[0]) for cell in told] == [*map(code_lines, texts)]


def code_lines(text):
    """Lines without blank ones, comments and docstrings."""
    documented = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(
            node
        ):
            documented |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    lines = enumerate(text.splitlines(), 1)
    return sum(
        1
        for number, line in lines
        if line.strip() and not line.strip().startswith("#") and number not in documented
    )
