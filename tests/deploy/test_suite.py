import os
import subprocess
import sys
from pathlib import Path

from deploy.suite import failures

TESTS = """
from pathlib import Path

def test_passes(): pass

def test_fails_the_first_time():
    before = Path("before")
    assert before.exists() or before.touch()
"""


def test_what_failed_in_the_last_run_is_known_until_it_passes(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_it.py").write_text(TESTS)
    assert failures(tmp_path) == []

    first = pytest_in(tmp_path)
    failed = failures(tmp_path)
    again = pytest_in(tmp_path, "--last-failed")

    assert (first, failed) == (1, ["test_it.py::test_fails_the_first_time"])
    assert (again, failures(tmp_path)) == (0, [])


def pytest_in(folder: Path, *arguments: str) -> int:
    command = (sys.executable, "-m", "pytest", "-q", *arguments)
    alone = {"PATH": os.environ["PATH"]}  # without what this run of pytest tells its own
    return subprocess.run(command, cwd=folder, env=alone, capture_output=True, check=False).returncode
