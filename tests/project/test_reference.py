"""The reference of the site has everything that there is: nothing is left to be forgotten."""

from __future__ import annotations

import html
import json
import re
import sys

import attrs
import click
import pytest

from datalake import hookspecs
from datalake.environment import VARIABLES
from datalake.exits import Exit
from datalake.names import STANDARD
from datalake.plugins import load
from datalake.settings import Settings, read_settings
from datalake_aggregation import load_mapping

from .conftest import ROOT, SETTINGS, commands, sources

DOCS = ROOT / "docs"
SCHEMA = DOCS / "reference" / "run-report.schema.json"
BUILT_IN = load(SETTINGS["project"]["entry-points"]["datalake"])


def words(text):
    """What a reader sees of a piece of HTML."""
    return html.unescape(re.sub(r"<[^>]*>", "", text))


@pytest.fixture(scope="session")
def sections(site):
    """A page of the reference as its sections: what stands below each heading, by the heading."""

    def read(page):
        text = (site / "reference" / f"{page}.html").read_text(encoding="utf-8")
        parts = re.split(r"<h[1-6]>(.*?)<a class=\"headerlink\"", text)
        return dict(zip(map(words, parts[1::2]), map(words, parts[2::2]), strict=True))

    return read


def test_every_command_and_option(sections):
    """With the first sentence of its help, and each option's words."""
    told = sections("command-line")
    found = {" ".join(("datalake", *path)): command for path, command in commands()}
    assert set(found) == set(told) - {"Command line"}
    for name, command in found.items():
        assert command.help.split("\n\n")[0].replace("`", "") in " ".join(told[name].split())
        for option in command.params:
            if isinstance(option, click.Option):
                assert {flag for flag in option.opts if flag not in told[name]} == set(), name


def test_every_hook(sections):
    """Each specification of a hook is one that the page shows."""
    told = sections("hooks")
    hooks = [name for name, value in vars(hookspecs).items() if hasattr(value, "datalake_spec")]
    assert {"register_providers", "register_stores", "register_reducers"} <= set(hooks)
    assert set(hooks) <= set(told)


def test_every_column(sections):
    """Those of the file, with unit and source, and those of each dataset."""
    (published,) = sections("columns").values()
    mapping = load_mapping()
    assert set(STANDARD) <= set(published.split())
    for name, rule in mapping.columns.items():
        assert re.search(rf"\b{name}\b", published), name
        assert all(source in published for source in rule.source), name
    told = sections("providers")
    for provider in BUILT_IN.providers.values():
        assert all(plan.name in told[provider.title] for plan in provider.plans)
        for dataset in provider.datasets:
            section = told[f"{provider.name}.{dataset.name}"]
            for name, column in dataset.columns.items():
                assert re.search(rf"\b{name}\b", section), (dataset.name, name)
                assert column.unit in section
                assert column.meaning in section


def test_every_setting(sections):
    """Each section of `datalake.toml` and each key in it."""
    told = sections("settings")
    for section, value in attrs.asdict(Settings(), recurse=False).items():
        assert f"[{section}]" in told
        for key in attrs.fields_dict(type(value)) if attrs.has(type(value)) else ():
            assert re.search(rf"\b{key}\b", told[f"[{section}]"]), (section, key)


def test_the_example_of_the_settings_is_valid(tmp_path):
    """The page's file is read without complaint."""
    text = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "datalake.toml").write_text(example, encoding="utf-8")
    assert read_settings(tmp_path / "datalake.toml") != Settings()


#: How the code asks for a variable: `environment.get("NAME")` and its like.
ASKED = re.compile(r"""environ(?:ment)?(?:\.get\(|\[)["']([A-Z_]+)["']""")


def test_every_variable(sections):
    """Those that the code asks for, and the keys and plans of providers."""
    told = sections("settings")["Variables"]
    asked = {name for path in sources(".py") for name in ASKED.findall(path.read_text("utf-8"))}
    assert {"GCP_BUCKET_NAME", "DATALAKE_PLUGINS"} <= asked <= set(VARIABLES)
    for provider in BUILT_IN.providers.values():
        asked |= {*provider.variables(), f"{provider.name.upper()}_PLAN"}
    assert {name for name in asked if name not in told.split()} == set()


def test_every_exit_code(sections):
    """With its meaning."""
    (told,) = sections("exit-codes").values()
    for one in Exit:
        assert re.search(rf"\b{one}\b\s+{re.escape(one.meaning)}", told), one


def test_every_field_of_the_report(sections):
    """By its path."""
    (told,) = sections("run-report").values()
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert set(schema["properties"]) <= set(told.split())
    series = schema["properties"]["providers"]["additionalProperties"]["properties"]
    assert {f"providers.NAME.{name}" for name in series} <= set(told.split())


def test_every_public_name(site):
    """Classes and functions of the packages have an entry of their own."""
    text = (site / "reference" / "python.html").read_text(encoding="utf-8")
    for package in ("datalake", "datalake_aggregation", "datalake.testing"):
        __import__(package)
        for name in sys.modules[package].__all__:
            assert f'id="{package}.{name}"' in text, (package, name)


def test_a_part_that_nobody_makes_is_an_error(monkeypatch):
    """A mark that is misspelt does not vanish in silence."""
    monkeypatch.syspath_prepend(str(DOCS))
    from _reference import filled

    assert "Default: 200" in filled("<!-- made: commands -->\n")
    with pytest.raises(KeyError):
        filled("<!-- made: comands -->\n")
