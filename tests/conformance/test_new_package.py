"""`datalake providers new` writes a package that installs, passes its own tests and is clean."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from datalake import ConfigError
from datalake.cli import cli
from datalake.scaffold import write_package

from .test_recording import KEY, PLACES, talkative, vendor

DATALAKE = [sys.executable, "-c", "from datalake.cli import main; main()"]
NEW = [*DATALAKE, "providers", "new"]


def call(*command, cwd, code=0, **variables):
    """Run a command to its end, without this process's keys; it must end with that code."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_KEY")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout if code == 0 else done.stdout + done.stderr


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    """The package of acme, as the command writes it: its folder."""
    place = tmp_path_factory.mktemp("author")
    call(*NEW, "acme", cwd=place)
    return place / "datalake-acme"


def installed(package, site):
    """Where a package was built and installed, by pip, without asking anybody."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    call(*pip, "--no-index", "--target", site, package, cwd=package)
    return site


@pytest.fixture(scope="session")
def site(package, tmp_path_factory):
    """The package of acme, installed."""
    return installed(package, tmp_path_factory.mktemp("site"))


def test_its_own_tests_pass_as_generated(package, site):
    """All 52 promises, the faults included; and pytest tells the grade."""
    told = call(sys.executable, "-m", "pytest", "-q", cwd=package, PYTHONPATH=str(site))
    assert "52 passed" in told
    assert "acme: grade A (52 held): everything holds" in told


def test_it_is_listed(tmp_path, site):
    """Beside the built-in providers, with its distribution, and with what it needs."""
    told = call(
        *DATALAKE, "providers", "list", "--format", "json", cwd=tmp_path, PYTHONPATH=str(site)
    )
    (acme,) = [one for one in json.loads(told) if one["name"] == "acme"]
    assert acme["distribution"] == "datalake-acme 0.1.0"
    assert acme["state"] == "no key for Acme: set ACME_API_KEY (keys: https://acme.example/keys)"


def test_it_is_clean(package):
    """For ruff, by its own rules, and for mypy, strictly."""
    call(sys.executable, "-m", "ruff", "check", ".", cwd=package)
    call(sys.executable, "-m", "ruff", "format", "--check", ".", cwd=package)
    cache = Path(__file__).parents[2] / ".mypy_cache" / "scaffold"  # it reads all of datalake
    call(sys.executable, "-m", "mypy", "--cache-dir", cache, cwd=package)


def test_another_name_stands_everywhere(tmp_path):
    """In files' names, too; and lines stay in form, whatever its length."""
    call(*NEW, "fees_of_a_vendor", "--dir", "mine", cwd=tmp_path)
    files = [path for path in (tmp_path / "mine").rglob("*") if path.is_file()]
    assert len(files) == 9
    texts = "".join(f"{path}\n{path.read_text()}" for path in files)
    assert "acme" not in texts.lower().replace(str(tmp_path), "")
    assert 'name = "datalake-fees-of-a-vendor"' in texts
    assert "class TestFeesOfAVendor(ProviderTests)" in texts
    assert "https://api.fees-of-a-vendor.example/v1" in texts
    call(sys.executable, "-m", "ruff", "format", "--check", ".", cwd=tmp_path / "mine")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Acme", "is no name for a provider"),
        ("../acme", "is no name for a provider"),
        ("acme-pro", "is no name for a provider"),
        ("1inch", "is no name for a provider"),
        ("a" * 31, "is no name for a provider"),
        ("class", "means something else already"),
        ("all", "means something else already"),
        ("coingecko", "there is a package datalake_coingecko already"),
        ("sandbox", "there is a package datalake_sandbox already"),
    ],
)
def test_a_bad_name_is_refused(tmp_path, name, told):
    """With a sentence, and nothing is written."""
    from datalake.scaffold import checked_name

    with pytest.raises(ConfigError, match=told):
        checked_name(name)


def test_a_folder_that_exists_is_left_alone(tmp_path):
    """Exit code 2, one sentence, and what is in it stays."""
    folder = tmp_path / "datalake-acme"
    folder.mkdir()
    told = call(*NEW, "acme", cwd=tmp_path, code=2)
    assert told == (
        "error: datalake-acme exists already: name a new folder by --dir, or remove it first\n"
    )
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    """A file is in its way."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="file/acme cannot be written"):
        write_package("acme", tmp_path / "file" / "acme")


def test_the_command_grades(package, site):
    """As a table with a row for all faults, and as JSON with every outcome."""
    command = [*DATALAKE, "providers", "test", "datalake-acme"]
    table = call(*command, "--faults", cwd=package, PYTHONPATH=str(site))
    assert "It withstands 41 of 41 faults." in table
    assert table.endswith("acme: grade A (52 held): everything holds\n")
    told = call(*command, "--format", "json", cwd=package, PYTHONPATH=str(site))
    (report,) = json.loads(told)
    assert (report["provider"], report["grade"]) == ("acme", "A")
    assert {one["state"] for one in report["outcomes"]} == {"held"}
    assert len(report["outcomes"]) == 11


def test_the_command_says_what_is_wrong(package, site, tmp_path):
    """Exit code 2 with the advice, where the samples show a mistake."""
    shutil.copytree(package / "tests", tmp_path / "tests")
    index = tmp_path / "tests/samples/index.json"
    index.write_text(index.read_text().replace("2026-03-03", "2026-03-02"))
    told = call(*DATALAKE, "providers", "test", "acme", cwd=tmp_path, code=2, PYTHONPATH=str(site))
    assert "fees is one day late" in told
    assert "acme: grade D" in told


def test_faults_that_are_met_alike_share_a_row(package, site, tmp_path):
    """One mistake is told once, with the names of all the faults that show it."""
    copy = tmp_path / "copy"
    shutil.copytree(site, copy)
    module = copy / "datalake_acme/__init__.py"
    asks = '    days = client.get("assets/{id}/fees", query, into=list[Day])\n'
    assert asks in module.read_text()
    swallows = f"    try:\n    {asks}    except Exception:\n        days = []\n"
    module.write_text(module.read_text().replace(asks, swallows))
    command = [*DATALAKE, "providers", "test", "acme", "--faults"]
    shutil.copytree(package / "tests", tmp_path / "tests")
    told = call(*command, cwd=tmp_path, code=2, PYTHONPATH=str(copy))
    assert len(re.findall(r"^ fees +fault ", told, re.MULTILINE)) == 1
    assert re.search(r"The same\s+under\s+429:TEXT", told)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["acmy"], "no installed package is called 'acmy'; did you mean 'acme'?"),
        (["acme"], "there are no samples in tests/samples and samples"),
        (["acme", "--samples", "."], "there is no index of samples"),
        (["acme", "--live", "--faults"], "--faults are let loose on samples, and --live has none"),
        (["acme", "--assets", "bitcoin"], "--assets say what is recorded: add --record"),
        (["acme", "--live"], "no key for Acme: set ACME_API_KEY"),
        (["acme", "--record"], "no key for Acme: set ACME_API_KEY"),
    ],
)
def test_a_users_mistake_is_told(site, tmp_path, monkeypatch, arguments, told):
    """As a mistake of the configuration, in one sentence."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(site)
    monkeypatch.delenv("ACME_API_KEY", raising=False)
    with pytest.raises(ConfigError) as caught:
        cli(["providers", "test", *arguments], standalone_mode=False)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_package_that_is_not_allowed_is_told(site, tmp_path, monkeypatch):
    """The list of the user's goes before; it is named."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("DATALAKE_PLUGINS", "coingecko")
    with pytest.raises(ConfigError, match="DATALAKE_PLUGINS leaves plugin acme"):
        cli(["providers", "test", "acme"], standalone_mode=False)


def test_it_records_and_asks_the_real_one(site, tmp_path):
    """From the command line, with the key from .env, which is in no file and on no screen."""
    with vendor(lambda request: as_a_list(*talkative(request))) as (url, asked):
        here = tmp_path / "site"
        shutil.copytree(site, here)
        module = here / "datalake_acme/__init__.py"
        text = module.read_text().replace("https://api.acme.example", f"{url}/x")
        module.write_text(text.replace("Rate(30)", "Rate(6000)"))
        (tmp_path / ".env").write_text(f"ACME_API_KEY={KEY}\n")
        variables = {"PYTHONPATH": str(here), "XDG_CACHE_HOME": str(tmp_path / "cache")}
        command = [*DATALAKE, "providers", "test", "acme", "--assets", "BTC"]
        told = call(*command, "--record", cwd=tmp_path, **variables)
        told += call(*command[:-2], "--live", cwd=tmp_path, **variables)
    assert told.count("acme: grade B (10 held, 1 note)") == 2
    assert {one.headers["x-api-key"] for one in asked} == {KEY}
    samples = "".join(path.read_text() for path in (tmp_path / "tests/samples").iterdir())
    assert "BTC/fees" in samples
    assert KEY not in samples + told
    assert PLACES["header"][0].name == "x-api-key"


def as_a_list(status, value):
    """The scaffold's vendor gives the rows alone."""
    return status, value.get("data", value)


def test_templates_are_files(package):
    """Each file of the package has its template; none is made of strings in the code."""
    templates = Path(sys.modules["datalake.scaffold"].__file__).parent / "acme"
    found = [path for path in templates.rglob("*") if path.is_file()]
    assert all(path.suffix == ".tmpl" for path in found)
    written = [path for path in package.rglob("*") if path.is_file()]
    ours = [path for path in written if not {".mypy_cache", ".ruff_cache"} & set(path.parts)]
    assert len(found) == 9 <= len(ours)
