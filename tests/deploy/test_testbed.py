import os
from pathlib import Path

import pytest

from deploy import testbed
from deploy.program import CannotStart


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("MICBOARD_CHROMIUM", raising=False)
    return folder


def has(programs: Path, name: str, does: str = "exit 0") -> str:
    program = programs / name
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    return str(program)


def has_apt(programs: Path, *, that_installs: str) -> Path:
    """Have an apt-get that keeps a record, and makes every package a program of that name."""
    record = programs / "record"
    installed = programs / that_installs
    has(
        programs,
        "apt-get",
        f'echo "$*" >>{record}; [ "$1" = update ] || {{ : >{installed}; /bin/chmod 755 {installed}; }}',
    )
    return record


def becomes(monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)


@pytest.mark.parametrize(
    "name", ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable"]
)
def test_the_machines_browser_is_used(programs: Path, name: str) -> None:
    here = has(programs, name)

    assert testbed.chromium() == here


def test_the_browser_that_is_named_is_used(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(programs, "chromium")
    named = has(programs, "my-browser")
    monkeypatch.setenv("MICBOARD_CHROMIUM", named)

    assert testbed.chromium() == named


def test_a_named_browser_that_is_not_there_is_told(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(programs, "chromium")
    monkeypatch.setenv("MICBOARD_CHROMIUM", "/nowhere/chromium")

    with pytest.raises(
        CannotStart, match=r"^MICBOARD_CHROMIUM names /nowhere/chromium, which cannot be run\.$"
    ):
        testbed.chromium()


def test_root_installs_the_distributions_lightest_browser(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    becomes(monkeypatch, 0)
    has(programs, "chromium")
    record = has_apt(programs, that_installs="chromium-headless-shell")

    for _ in range(2):
        assert testbed.chromium() == str(programs / "chromium-headless-shell")
    assert record.read_text() == "update\ninstall -y --no-install-recommends chromium-headless-shell\n"


def test_where_the_light_one_cannot_be_had_the_machines_is_used(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    becomes(monkeypatch, 0)
    here = has(programs, "chromium")
    has(programs, "apt-get", '[ "$1" = update ]')

    assert testbed.chromium() == here


def test_an_ordinary_user_installs_nothing_and_is_told_how(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    becomes(monkeypatch, 1000)
    record = has_apt(programs, that_installs="chromium")

    with pytest.raises(
        CannotStart, match=r"^There is no Chromium for the browser tests: apt-get install -y chromium$"
    ):
        testbed.chromium()

    assert not record.exists()


@pytest.mark.parametrize(("missing", "package"), [("node", "nodejs"), ("npm", "npm")])
def test_node_is_required_by_name(
    programs: Path, monkeypatch: pytest.MonkeyPatch, missing: str, package: str
) -> None:
    becomes(monkeypatch, 1000)
    for name in {"node", "npm"} - {missing}:
        has(programs, name)

    with pytest.raises(CannotStart, match=f"^There is no {missing} .*: apt-get install -y {package}$"):
        testbed.require_node()


def test_modules_are_installed_once_for_each_lock(programs: Path, tmp_path: Path) -> None:
    record = tmp_path / "record"
    has(programs, "npm", f'echo "$*" >>{record}; /bin/mkdir -p node_modules')
    lock = tmp_path / "package-lock.json"
    for text in ("one", "one", "two"):
        lock.write_text(text)
        testbed.install_modules(tmp_path)

    assert record.read_text() == "install --no-save --no-audit --no-fund\n" * 2


def test_modules_that_cannot_be_installed_are_told_and_tried_again(programs: Path, tmp_path: Path) -> None:
    has(programs, "npm", "/bin/mkdir -p node_modules; exit 1")
    (tmp_path / "package-lock.json").write_text("{}")

    for _ in range(2):
        with pytest.raises(CannotStart, match=r"^npm could not install what \S+package-lock\.json lists\.$"):
            testbed.install_modules(tmp_path)
