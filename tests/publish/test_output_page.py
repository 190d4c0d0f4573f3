"""What docs/reference/output.md tells readers is what the files have."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from datalake.publish import STANDARD, publish

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "output.md"
TEXT = PAGE.read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def published(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    publish(made(learnt_through=made().as_of), Path("user_facing_data.parquet"))


@pytest.mark.parametrize("code", blocks("python"))
def test_python_examples_run(published, code):
    """Each Python example runs as it stands, beside a published file."""
    names = {}
    exec(code, names)
    for name in {"bitcoin", "close", "columns"} & names.keys():
        assert len(names[name])


@pytest.mark.parametrize("query", [code for code in blocks("sql") if "external table" not in code])
def test_duckdb_examples_run(published, query):
    """Each query for DuckDB runs as it stands and finds rows."""
    with duckdb.connect() as connection:
        assert connection.sql(query.rstrip().rstrip(";")).to_arrow_table().num_rows


def test_columns_and_keys_are_all_described(published):
    """The page has a line for each standard column and each key, and names no other key."""
    described = re.findall(r"^\| `([a-z_]+)` \|[^|]*\|[^|]*\|[^|]*\|$", TEXT, re.MULTILINE)
    assert tuple(described[: len(STANDARD)]) == STANDARD
    footer = pq.read_metadata("user_facing_data.parquet").metadata
    keys = {key.decode() for key in footer if key.startswith(b"datalake.")}
    assert set(re.findall(r"^\| `(datalake\.[a-z_0-9]+)` ", TEXT, re.MULTILINE)) == keys


VERSIONS = (PAGE.parents[1] / "how-to" / "publishing.md").read_text(encoding="utf-8")


def test_the_examples_by_the_pointer_run(published):
    """DuckDB and Python find the rows of the published version as it lies."""
    (query,) = re.findall(r"```sql\n(.*?)```", VERSIONS, re.DOTALL)
    with duckdb.connect() as connection:
        assert len(connection.execute(query).fetchall()) == 20
    (code,) = re.findall(r"```python\n(.*?)```", VERSIONS, re.DOTALL)
    names = {}
    exec(code, names)
    assert names["table"].num_rows == 20


def test_each_key_of_the_pointer_is_described(published):
    """And no other."""
    table = VERSIONS.partition("## The pointer")[2].partition("##")[0]
    cells = re.findall(r"^\|(.*?)\|", table, re.MULTILINE)
    described = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    pointer = json.loads(Path("user_facing_data.published/current.json").read_bytes())
    assert described == set(pointer)
    assert set(pointer["history"][0]) < described
