"""What the tests need beside Python: a Chromium, Node, and what npm's locks list. Nothing is skipped."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.datafolder import CHECKOUT
from deploy.program import CannotStart

_SHELL = "chromium-headless-shell"  # the same engine without a window: a page costs a third of the CPU
_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_CARRIED = CHECKOUT / "tests" / "chromium"


def chromium() -> str:
    """Return the path of a Chromium: the one named, the lightest, the machine's, a newly installed one, npm's."""
    if named := os.environ.get("MICBOARD_CHROMIUM"):
        if shutil.which(named):
            return named
        raise CannotStart(f"MICBOARD_CHROMIUM names {named}, which cannot be run.")
    if found := _on_path(_SHELL) or _installed(_SHELL, gives=(_SHELL,)):
        return found
    if found := _on_path(*_CHROMIUMS) or _installed("chromium", gives=_CHROMIUMS):
        return found
    if shutil.which("npm") and (carried := _carried_chromium()):
        return carried
    raise CannotStart("There is no Chromium for the browser tests: apt-get install -y chromium")


def require_node() -> None:
    """Have `node` and `npm`. Raises `CannotStart` where they can only be asked for."""
    for program, package in (("node", "nodejs"), ("npm", "npm")):
        if not (_on_path(program) or _installed(package, gives=(program,))):
            raise CannotStart(
                f"There is no {program} for the browser's modules: apt-get install -y {package}"
            )


def install_modules(folder: Path) -> None:
    """Install what the folder's lock lists, unless exactly that is there."""
    lock = (folder / "package-lock.json").read_bytes()
    installed = folder / "node_modules" / ".installed-lock.json"
    if installed.exists() and installed.read_bytes() == lock:
        return
    # Not `npm ci`: it wants the lock to list the packages of every other platform as well.
    if not _succeeds("npm", "install", "--no-save", "--no-audit", "--no-fund", folder=folder):
        raise CannotStart(f"npm could not install what {folder / 'package-lock.json'} lists.")
    installed.write_bytes(lock)


def _on_path(*names: str) -> str | None:
    return next(filter(None, map(shutil.which, names)), None)


def _installed(package: str, *, gives: tuple[str, ...]) -> str | None:
    """Install one of Debian's packages, as only root can."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    unasked = {"DEBIAN_FRONTEND": "noninteractive"}
    install = ("apt-get", "install", "-y", "--no-install-recommends", package)
    if not _succeeds("apt-get", "update", variables=unasked) or not _succeeds(*install, variables=unasked):
        return None
    return _on_path(*gives)


def _carried_chromium() -> str | None:
    """Unpack the Chromium that npm carries, with its libraries and fonts, behind a script that names them."""
    install_modules(_CARRIED)
    place = _CARRIED / "node_modules" / ".unpacked"
    script = place / "chromium-here"
    if not script.exists():
        place.mkdir(exist_ok=True)
        # The package brings its libraries along where it believes that it runs on this platform.
        believing = {"TMPDIR": str(place), "AWS_LAMBDA_JS_RUNTIME": "nodejs22.x"}
        if not _succeeds("node", "unpack.js", folder=_CARRIED, variables=believing):
            return None
        script.write_text(
            f"#!/bin/sh\nexport LD_LIBRARY_PATH='{place}/al2023/lib' FONTCONFIG_PATH='{place}/fonts'\n"
            f"exec '{place}/chromium' \"$@\"\n"
        )
        script.chmod(0o755)
    return str(script) if _succeeds(str(script), "--headless", "--no-sandbox", "--version") else None


def _succeeds(*command: str, folder: Path = CHECKOUT, variables: Mapping[str, str] | None = None) -> bool:
    environment = {**os.environ, **(variables or {})}
    # Standard output is the caller's: a benchmark prints one line there.
    ran = subprocess.run(command, cwd=folder, env=environment, stdout=sys.stderr, check=False)
    return ran.returncode == 0
