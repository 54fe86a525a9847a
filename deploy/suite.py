"""`./micboard test`: has what the tests need, then runs the static checks and the whole suite.

A few tests that fail beside all the others run once more, alone: the suite fills both cores for eight minutes with
processes that are killed, frozen and timed. What passes then is named at the end, because it is a fault all the same.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deploy import testbed
from deploy.datafolder import CHECKOUT

_PYTEST = (sys.executable, "-m", "pytest")
_JS = CHECKOUT / "tests" / "js"
_CORES = 2
_WORKERS = 5  # tests wait more than they compute
_FAILED = 1  # pytest's exit code for tests that failed; any other is no verdict on tests
_FEW = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    name: str
    command: Sequence[str]
    folder: Path = CHECKOUT


def suite(arguments: Sequence[str]) -> int:
    """Run everything, or pytest alone with these arguments. Raises `CannotStart`."""
    testbed.require_node()
    testbed.install_modules(_JS)
    environment = {
        # The suite starts hundreds of processes: what one of them compiled is kept for the others, as Python does it.
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "MICBOARD_CHROMIUM": testbed.chromium(),
    }
    if arguments:
        return _pytest(arguments, environment)
    checked = _all_pass(_checks(), environment)
    tested = _whole(environment)
    return tested or (0 if checked else 1)


def _whole(environment: Mapping[str, str]) -> int:
    """Run all tests, and those that failed once more, where they are few."""
    tested = _pytest(["-n", str(_WORKERS), "--dist", "loadgroup"], environment)
    failed = failures(CHECKOUT) if tested == _FAILED else []
    if not 0 < len(failed) <= _FEW:
        return tested
    _say(f"{len(failed)} failed beside the others. Once more, alone:")
    tested = _pytest(["--last-failed"], environment)
    if tested == 0:
        _say(
            "\n".join(["Passed alone, but failed beside the others, which is a fault to be mended:", *failed])
        )
    return tested


def failures(folder: Path) -> list[str]:
    """Return the names of the tests that failed when pytest last ran in this folder."""
    kept = folder / ".pytest_cache" / "v" / "cache" / "lastfailed"
    return sorted(json.loads(kept.read_text())) if kept.exists() else []


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _checks() -> list[_Check]:
    templates = [str(path.relative_to(CHECKOUT)) for path in CHECKOUT.glob("[a-z]*/templates/**/*.html")]
    return [
        _Check(name="mypy", command=("mypy",)),
        # What is compiled for it is there for the processes that share the suite: 3 s of CPU for each of them.
        _Check(name="collecting the tests", command=(*_PYTEST, "--collect-only", "--quiet")),
        _Check(name="ruff check", command=("ruff", "check")),
        _Check(name="ruff format", command=("ruff", "format", "--check")),
        _Check(name="import-linter", command=("lint-imports",)),
        _Check(name="djade", command=("djade", "--check", *templates)),
        _Check(name="biome", command=("npm", "run", "--silent", "check"), folder=_JS),
    ]


def _all_pass(checks: Sequence[_Check], environment: Mapping[str, str]) -> bool:
    """Run the checks side by side; each says one line, or why it fails."""

    def passes(check: _Check) -> bool:
        began = time.monotonic()
        done = subprocess.run(
            check.command,
            cwd=check.folder,
            # mypy's plugin reads the product's settings, which want a key.
            env={"MICBOARD_SECRET_KEY": "static checks", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        passed = done.returncode == 0
        said = "" if passed else f"\n{done.stdout}"
        verdict = "passed" if passed else "FAILED"
        sys.stdout.write(f"{check.name} {verdict} in {time.monotonic() - began:.1f} s{said}\n")
        sys.stdout.flush()
        return passed

    with ThreadPoolExecutor(_CORES) as side_by_side:
        return all(list(side_by_side.map(passes, checks)))


def _pytest(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    return subprocess.run((*_PYTEST, *arguments), cwd=CHECKOUT, env=environment, check=False).returncode
