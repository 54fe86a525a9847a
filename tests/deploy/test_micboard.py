"""The bootstrap, with Pythons that keep a record of what they are asked, in a checkout of its own."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "micboard"

# Answers as Python does to what the bootstrap asks, and makes an environment that is a copy of itself.
PYTHON = """\
#!/bin/sh
version='{version}' has_venv='{has_venv}' record='{record}'
case "$*" in
    *version_info*) case $version in 3.11*|3.12*|3.13*) exit 0 ;; *) exit 1 ;; esac ;;
    *ensurepip*) [ "$has_venv" = yes ] ;;
    --version) echo "Python $version" ;;
    "-m venv --clear "*)
        echo "venv by $version" >>"$record"
        rm -rf "$4"/* && mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
    "-m pip --version" | "-c ") ;;
    "-m pip install"*)
        for lock; do :; done
        echo "install ${{lock##*/}}" >>"$record"
        sleep 0.05
        [ ! -e "$record.refuse" ] ;;
    "-P -m deploy"*) shift 3; echo "$PYTHONPATH: $*" ;;
    *) exit 2 ;;
esac
"""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A checkout and an otherwise bare machine."""

    home: Path
    checkout: Path
    programs: Path
    record: Path

    def has_python(self, at: str = "bin/python3", *, version: str = "3.12.1", has_venv: bool = True) -> Path:
        python = self.home / at
        python.parent.mkdir(parents=True, exist_ok=True)
        answers = {"version": version, "has_venv": "yes" if has_venv else "no", "record": self.record}
        python.write_text(PYTHON.format_map(answers))
        python.chmod(0o755)
        return python

    def call(
        self, *arguments: str, script: Path | None = None, folder: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (script or self.checkout / "micboard", *arguments),
            cwd=folder or self.home,
            env={"HOME": str(self.home), "PATH": f"{self.home / 'bin'}:{self.programs}", **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def done(self) -> list[str]:
        return self.record.read_text().splitlines() if self.record.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    checkout = tmp_path / "a check out"
    checkout.mkdir()
    shutil.copy(SCRIPT, checkout)
    checkout.joinpath("requirements.lock").write_text("django==5.2 --hash=1\n")
    checkout.joinpath("requirements-dev.lock").write_text("django==5.2 --hash=1\npytest==9 --hash=2\n")
    # What Debian always has, without its Pythons.
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in [
        "sh",
        "cat",
        "cmp",
        "cp",
        "date",
        "dirname",
        "flock",
        "head",
        "mkdir",
        "readlink",
        "rm",
        "sleep",
        "uname",
    ]:
        programs.joinpath(name).symlink_to(shutil.which(name) or pytest.fail(f"{name} is missing"))
    return Machine(home=tmp_path, checkout=checkout, programs=programs, record=tmp_path / "record")


def test_the_first_call_installs_and_hands_over(machine: Machine) -> None:
    machine.has_python()

    called = machine.call("up", "--port", "8001")

    assert (called.returncode, called.stdout) == (0, f"{machine.checkout}: up --port 8001\n")
    assert machine.done == ["venv by 3.12.1", "install requirements.lock"]


def test_a_later_call_installs_nothing(machine: Machine) -> None:
    machine.has_python()
    machine.call("up")

    called = machine.call("manage", "check")

    assert (called.returncode, called.stderr) == (0, "")
    assert machine.done == ["venv by 3.12.1", "install requirements.lock"]


def test_a_new_lock_is_installed_into_what_is_there(machine: Machine) -> None:
    machine.has_python()
    machine.call("up")
    machine.checkout.joinpath("requirements.lock").write_text("django==5.3 --hash=3\n")

    machine.call("up")

    assert machine.done == ["venv by 3.12.1", "install requirements.lock", "install requirements.lock"]


@pytest.mark.parametrize("command", ["test", "bench"])
def test_what_the_tests_need_holds_what_a_run_needs(machine: Machine, command: str) -> None:
    machine.has_python()
    machine.call(command)

    machine.call("up")

    assert machine.done == ["venv by 3.12.1", "install requirements-dev.lock"]


def test_an_installation_that_failed_is_made_anew(machine: Machine) -> None:
    machine.has_python()
    refusal = machine.record.with_name("record.refuse")
    refusal.touch()

    failed = machine.call("up")
    refusal.unlink()
    called = machine.call("up")

    assert failed.returncode == 1
    assert failed.stderr.endswith("micboard: what requirements.lock lists could not be installed.\n")
    assert called.returncode == 0
    assert machine.done == ["venv by 3.12.1", "install requirements.lock"] * 2


def test_a_checkout_that_moved_is_installed_anew(machine: Machine) -> None:
    machine.has_python()
    machine.call("up")
    moved = machine.checkout.rename(machine.home / "moved")

    called = machine.call("up", script=moved / "micboard")

    assert called.stdout == f"{moved}: up\n"
    assert machine.done == ["venv by 3.12.1", "install requirements.lock"] * 2


def test_first_calls_at_once_install_once(machine: Machine) -> None:
    machine.has_python()

    with ThreadPoolExecutor(4) as people:
        calls = list(people.map(lambda _: machine.call("up"), range(4)))

    assert [called.returncode for called in calls] == [0, 0, 0, 0]
    assert machine.done == ["venv by 3.12.1", "install requirements.lock"]


def test_it_finds_its_checkout_through_links_from_any_folder(machine: Machine) -> None:
    machine.has_python()
    machine.home.joinpath("links").mkdir()
    machine.home.joinpath("links", "near").symlink_to("../a check out/micboard")
    far = machine.home / "far"
    far.symlink_to(machine.home / "links" / "near")

    called = machine.call("up", script=far, folder=Path("/"))

    assert called.stdout == f"{machine.checkout}: up\n"


def test_a_relative_folder_for_the_installation_is_that_of_the_caller(machine: Machine) -> None:
    machine.has_python()

    called = machine.call("up", MICBOARD_VENV="own place")

    assert called.returncode == 0
    assert (machine.home / "own place" / "bin" / "python").exists()
    assert not (machine.checkout / ".venv").exists()


def _shim_that_fails(machine: Machine) -> None:
    shim = machine.home / "bin" / "python3"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\necho 'pyenv: python3: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)


def _python_too_old(machine: Machine) -> None:
    machine.has_python(version="3.10.9")


def _python_too_new(machine: Machine) -> None:
    machine.has_python(version="3.14.0")


def _python_without_venv(machine: Machine) -> None:
    machine.has_python(has_venv=False)


@pytest.mark.parametrize(
    "unusable", [_shim_that_fails, _python_too_old, _python_too_new, _python_without_venv]
)
@pytest.mark.parametrize("at", ["bin/python3.11", ".pyenv/versions/3.11.7/bin/python"])
def test_a_python_that_cannot_be_used_is_passed_over(
    machine: Machine, unusable: Callable[[Machine], None], at: str
) -> None:
    unusable(machine)
    machine.has_python(at, version="3.11.7")

    called = machine.call("up")

    assert called.returncode == 0
    assert machine.done[0] == "venv by 3.11.7"


def test_the_python_that_is_named_is_used(machine: Machine) -> None:
    machine.has_python()
    named = machine.has_python("my own/python", version="3.13.0")

    machine.call("up", MICBOARD_PYTHON=str(named))

    assert machine.done[0] == "venv by 3.13.0"


def test_a_named_python_that_cannot_be_used_is_not_replaced_silently(machine: Machine) -> None:
    machine.has_python()
    named = machine.has_python("old/python", version="3.9.1")

    called = machine.call("up", MICBOARD_PYTHON=str(named))

    assert called.returncode == 1
    assert called.stderr == f"micboard: MICBOARD_PYTHON ({named}) is no Python 3.11 to 3.13.\n"


def test_without_a_python_one_line_says_what_to_install(machine: Machine) -> None:
    called = machine.call("up")

    assert called.returncode == 1
    assert called.stderr == (
        "micboard: there is no Python 3.11, 3.12 or 3.13: "
        "install one (Debian: apt-get install python3 python3-venv).\n"
    )


def test_without_the_venv_module_one_line_says_what_to_install(machine: Machine) -> None:
    machine.has_python(has_venv=False)

    called = machine.call("up")

    assert called.returncode == 1
    assert called.stderr == (
        "micboard: python3 has no venv module: install it (Debian: apt-get install python3-venv).\n"
    )


def test_where_nothing_may_be_written_one_line_names_the_variables(machine: Machine) -> None:
    machine.has_python()
    nowhere = Path("/proc/micboard")

    called = machine.call("up", MICBOARD_VENV=str(nowhere))

    assert called.returncode == 1
    assert called.stderr == (
        f"micboard: cannot write into {nowhere}: "
        "name other folders with MICBOARD_VENV, and MICBOARD_DATA for what is kept.\n"
    )


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["help"], 0), ([], 2), (["upp"], 2)])
def test_help_needs_no_python(machine: Machine, arguments: list[str], code: int) -> None:
    called = machine.call(*arguments)

    assert called.returncode == code
    assert "./micboard" in called.stdout + called.stderr
    assert not (machine.checkout / ".venv").exists()


def test_help_names_every_benchmark() -> None:
    folder = SCRIPT.parent / "tests" / "bench"
    benchmarks = {path.stem for path in folder.glob("*.py") if "\ndef run(" in path.read_text()}

    called = subprocess.run(
        (sys.executable, "-P", "-m", "deploy", "bench", "--help"),
        env={**os.environ, "PYTHONPATH": str(SCRIPT.parent)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert set(re.findall(r"^    (\w+) ", called.stdout, re.MULTILINE)) == benchmarks
