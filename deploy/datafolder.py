"""The folder that holds all a Micboard keeps: its services' files, its secrets, and what a run leaves."""

import os
import re
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from deploy.postgres import SOCKET_NAME
from deploy.program import CannotStart

_LONGEST_SOCKET_PATH = 107  # sun_path of Linux, less the closing NUL
_PLAIN = re.compile(r"[A-Za-z0-9/._-]+")  # what stands in every client's URL without being quoted


CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class DataFolder:
    path: Path

    @classmethod
    def chosen(cls) -> "DataFolder":
        """Return the one that MICBOARD_DATA names, as the product's settings do, else the checkout's own."""
        return cls(Path(os.environ.get("MICBOARD_DATA") or CHECKOUT / ".micboard").absolute())

    @property
    def cluster(self) -> Path:
        return self.path / "postgres"

    @property
    def valkey(self) -> Path:
        return self.path / "valkey"

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"

    def make(self) -> None:
        """Make the folders, each for its owner alone. Raises `CannotStart` where that is not possible."""
        try:
            for folder in (self.path, self.valkey, self.run, self.secrets):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self.run).close()
        except OSError as error:
            raise CannotStart(
                f"Cannot write into {self.path} ({error.strerror}): "
                "name another folder with --data or MICBOARD_DATA."
            ) from error

    def secret(self, name: str) -> Path:
        """Return the file that holds this secret; what is missing is drawn, readable by the owner alone."""
        kept = self.secrets / name
        if not kept.exists():
            fresh = kept.with_name(f".{name}.fresh")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(32))
            fresh.rename(kept)
        return kept

    def sockets(self) -> Path:
        """Return the folder for the services' sockets: `run`, or a private one if no address could name that.

        The other one lies below the system's temporary folder; a link in `run` remembers it.
        """
        fits = len(os.fsencode(self.run / SOCKET_NAME)) <= _LONGEST_SOCKET_PATH
        if fits and _PLAIN.fullmatch(str(self.run)):
            return self.run
        link = self.run / "sockets"
        if link.is_symlink() and _is_private(link.readlink()):
            return link.readlink()
        link.unlink(missing_ok=True)
        link.symlink_to(tempfile.mkdtemp(prefix="micboard-"))
        return link.readlink()


def _is_private(folder: Path) -> bool:
    try:
        facts = folder.lstat()
    except FileNotFoundError:
        return False
    return (facts.st_uid, facts.st_mode) == (os.geteuid(), 0o040700)
