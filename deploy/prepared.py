"""The one step of the product's own before its processes: `manage.py prepare`."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.datafolder import CHECKOUT
from deploy.launcher import Launcher
from deploy.options import ADMIN_PASSWORD, Options

MANAGE = (sys.executable, str(CHECKOUT / "manage.py"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What the step found or made; `admin_password_file` is None for a password that somebody chose."""

    admin: str
    admin_password_file: Path | None
    feed_token_file: Path
    simulator: Mapping[str, str | int] | None

    @property
    def variables(self) -> dict[str, str]:
        """What every process, and every command beside them, has to know of it."""
        return {"MICBOARD_ALLOW_LOOPBACK": "1"} if self.simulator else {}

    @classmethod
    def read(cls, answer: bytes) -> "Prepared":
        facts = json.loads(answer)
        password_file = facts["admin"]["password_file"]
        return cls(
            admin=facts["admin"]["user"],
            admin_password_file=Path(password_file) if password_file else None,
            feed_token_file=Path(facts["feed_token_file"]),
            simulator=facts["simulator"],
        )


async def prepare(options: Options, launcher: Launcher) -> Prepared:
    """Bring database, static files and first accounts up to date. Raises `CannotStart`."""
    password = os.environ.get(ADMIN_PASSWORD)
    variables = {
        **({ADMIN_PASSWORD: password} if password else {}),
        **({"MICBOARD_ALLOW_LOOPBACK": "1"} if options.demo else {}),
    }
    flags = () if options.demo else ("--no-demo",)
    with launcher.console.step("database, pages and accounts are up to date"):
        command = (*MANAGE, "prepare", "--json", *flags)
        return Prepared.read(await launcher.with_variables(variables).run("prepare", command))
