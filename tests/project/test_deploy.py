"""What lies in deploy/ is what the program, the platforms and the other files there expect."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import polars as pl
import pytest
import yaml

from datalake.environment import VARIABLES
from datalake.plugins import load
from datalake.settings import read_settings

from .clean import link
from .conftest import ROOT, SETTINGS, parse, quiet_environment

DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
JOB = yaml.safe_load((DEPLOY / "cloud-run-job.yaml").read_text(encoding="utf-8"))
SCHEDULER = yaml.safe_load((DEPLOY / "cloud-scheduler.yaml").read_text(encoding="utf-8"))
WORKFLOW = yaml.safe_load((DEPLOY / "github-actions.yml").read_text(encoding="utf-8"))
CRON = (DEPLOY / "datalake.cron").read_text(encoding="utf-8")
KEYS = {
    name
    for provider in load(SETTINGS["project"]["entry-points"]["datalake"]).providers.values()
    for name in provider.variables()
}
#: After this time of day, in UTC, each source has settled the day before.
SETTLED = max(
    dataset.settle
    for provider in load(SETTINGS["project"]["entry-points"]["datalake"]).providers.values()
    for dataset in provider.datasets
)


def instructions(name):
    """The arguments of one kind of instruction of the Dockerfile, in their order."""
    lines = DOCKERFILE.replace("\\\n", " ").splitlines()
    return [line.partition(" ")[2].strip() for line in lines if line.startswith(f"{name} ")]


def listed(name):
    """The words of an instruction in its JSON form."""
    (words,) = instructions(name)
    return yaml.safe_load(words)


@pytest.mark.parametrize("how", ["linked", pytest.param("installed", marks=pytest.mark.slow)])
def test_the_steps_of_the_image_make_a_program_that_runs(tmp_path, how):
    """Each RUN step as a script, in a folder that takes the place of the image's root."""
    source, target, lake = tmp_path / "src", tmp_path / "opt/datalake", tmp_path / "lake"
    source.mkdir()
    for name in included():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    env = quiet_environment(PATH=f"{sys.prefix}/bin:/usr/bin:/bin")
    if how == "linked":
        env |= dict.fromkeys(("PIP_NO_DEPS", "PIP_NO_INDEX"), "1") | {"PIP_NO_BUILD_ISOLATION": "0"}
    steps = instructions("RUN")
    for step in steps:
        for path in ("/opt/datalake", "/lake"):
            step = step.replace(path, f"{tmp_path}{path}")
        subprocess.run(["sh", "-ec", step], cwd=source, env=env, check=True, capture_output=True)
        if how == "linked" and step.startswith("python -m venv"):
            (packages,) = target.glob("lib/python*/site-packages")
            link(packages, "hatchling")
    assert lake.stat().st_mode & 0o1777 == 0o1777
    shutil.copy(source / "deploy/datalake.toml", lake)
    since = (datetime.now(timezone.utc) - timedelta(days=10)).date()
    small = ["--sandbox", "--top", "2", "--since", str(since), "--datasets", "coingecko.market"]
    done = subprocess.run(
        [target / "bin" / listed("ENTRYPOINT")[0], *listed("CMD"), *small],
        cwd=lake,
        env={"PATH": f"{target}/bin:/usr/bin:/bin", "HOME": str(lake)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"event"' in done.stderr.splitlines()[-1]
    assert pl.read_parquet(lake / ".datalake/sandbox/user_facing_data.parquet").height


def included():
    """What the build sees of the checkout: the names that the ignore file lets in again."""
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {"**/.env"} <= set(rules)
    return [rule[1:] for rule in rules if rule.startswith("!")]


def test_the_image_has_no_key_and_no_root():
    """Nothing secret is copied or set, and the last word on the user is a number that is not 0."""
    assert not [name for name in included() if name.startswith(".") or "data" in name.split("_")]
    set_there = " ".join(instructions("ENV") + instructions("ARG"))
    assert not re.search("key|secret|token|password", set_there, re.IGNORECASE)
    user, group = map(int, instructions("USER")[-1].split(":"))
    assert user > 0
    assert group > 0
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    assert "-slim" in last_stage.splitlines()[0]
    assert "USER" in last_stage
    assert "COPY . ." not in last_stage


def test_the_images_settings_are_valid():
    """They keep nothing of the bucket in memory."""
    assert read_settings(DEPLOY / "datalake.toml").cache.mirror_megabytes == 0
    parse(listed("CMD"))


def test_the_cloud_run_job():
    """Its fields, its arguments and its variables; keys come from Secret Manager alone."""
    assert (JOB["apiVersion"], JOB["kind"]) == ("run.googleapis.com/v1", "Job")
    execution = JOB["spec"]["template"]["spec"]
    assert execution["taskCount"] == execution["parallelism"] == 1
    task = execution["template"]["spec"]
    (container,) = task["containers"]
    assert set(task) == {"serviceAccountName", "maxRetries", "timeoutSeconds", "containers"}
    assert set(container) == {"image", "args", "env", "resources"}
    parse(container["args"])
    limit = next(one for one in container["args"] if one.startswith("--timeout="))
    assert int(limit.removeprefix("--timeout=").removesuffix("m")) * 60 < task["timeoutSeconds"]
    for one in container["env"]:
        if one["name"] in KEYS:
            assert set(one["valueFrom"]["secretKeyRef"]) == {"name", "key"}
            assert "value" not in one
        else:
            assert one["name"] in VARIABLES
            assert isinstance(one["value"], str)


def test_the_scheduler_starts_that_job():
    """By its name, once a day, when the day before has settled."""
    assert all(flag.startswith("--") for flag in SCHEDULER)
    uri = f"/projects/PROJECT/locations/REGION/jobs/{JOB['metadata']['name']}:run"
    assert SCHEDULER["--uri"] == f"https://run.googleapis.com/v2{uri}"
    assert SCHEDULER["--http-method"] == "POST"
    assert SCHEDULER["--time-zone"] == "Etc/UTC"
    account = JOB["spec"]["template"]["spec"]["template"]["spec"]["serviceAccountName"]
    assert SCHEDULER["--oauth-service-account-email"] != account


@pytest.mark.parametrize(
    "schedule",
    [
        SCHEDULER["--schedule"],
        WORKFLOW[True]["schedule"][0]["cron"],  # YAML 1.1 takes the word `on` for true
        " ".join(re.search(r"^([\d*]+ ){5}", CRON, re.MULTILINE)[0].split()),
    ],
    ids=["scheduler", "workflow", "cron"],
)
def test_each_schedule_is_daily_and_late_enough(schedule):
    """Before the last source has settled a run would find the day before incomplete."""
    minute, hour, *rest = schedule.split()
    assert rest == ["*"] * 3
    assert timedelta(hours=int(hour), minutes=int(minute)) > SETTLED


def test_the_workflow():
    """Its commands are the program's, its keys are secrets, and it may write nothing."""
    (job,) = WORKFLOW["jobs"].values()
    assert WORKFLOW["permissions"] == {"contents": "read", "id-token": "write"}
    assert not WORKFLOW["concurrency"]["cancel-in-progress"]
    for name, value in job["env"].items():
        assert name in KEYS | set(VARIABLES)
        kind = "secrets" if name in KEYS else "vars"
        assert value == f"${{{{ {kind}.{name} }}}}"
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step)
        assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step.get("uses", "a/b@v1"))
    script = next(step["run"] for step in job["steps"] if step.get("name") == "Run")
    typed = re.search(r"^datalake (.*) \|\| code=", script.replace("\\\n", ""), re.MULTILINE)[1]
    parse(shlex.split(re.sub(r"\$\{\{.*?\}\}", "X", typed)))


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (2, 2), (3, 0), (4, 4), (7, 7)])
def test_the_workflow_takes_a_degraded_run_for_a_warning(code, expected, tmp_path):
    """Its own script, with a program in datalake's place that ends with that code."""
    (tmp_path / "datalake").write_text(f"#!/bin/sh\nexit {code}\n")
    (tmp_path / "datalake").chmod(0o755)
    (job,) = WORKFLOW["jobs"].values()
    script = next(step["run"] for step in job["steps"] if step.get("name") == "Run")
    script = re.sub(r"\$\{\{.*?\}\}", "X", script)
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == expected
    assert ("::warning::" in done.stdout) == (code == 3)


def test_the_crontab():
    """Its line has a user and a command of the program."""
    (line,) = re.findall(r"^[\d*].*$", CRON, re.MULTILINE)
    assert line.split()[5] == "lake"
    command = line.partition("&& datalake ")[2].partition(" 2>>")[0]
    parse(shlex.split(command))
