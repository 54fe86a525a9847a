"""What the person at the terminal reads once Micboard is ready: addresses, sign-ins, a way to try the feed."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy import flower

_FEED = """\
{python} - <<'PY'
import json, pathlib
from websockets.sync.client import connect

token = pathlib.Path({token_file!r}).read_text().strip()
with connect({url!r}, additional_headers={{"Authorization": f"Bearer {{token}}"}}, max_size=None, proxy=None) as feed:
    for frame in map(json.loads, feed):
        print(frame["type"], *(f"{{len(frame[key])}} {{key}}" for key in ("devices", "updates") if key in frame))
        if frame["type"] == "batch_update":
            break
PY
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where Micboard answers, and which files hold what opens it."""

    hosts: Sequence[str]
    port: int
    flower_port: int
    admin: str
    admin_password_file: Path | None
    flower_password_file: Path
    feed_token_file: Path


def ready_block(access: Access, *, took_s: float) -> str:
    """Return the lines that tell all is ready."""
    board, *others = [f"http://{host}:{access.port}/" for host in access.hosts]
    feed = f"ws://{access.hosts[0]}:{access.port}/ws/devices/"
    password = f"in {access.admin_password_file}" if access.admin_password_file else "as it was set"
    lines = [
        f"Micboard is ready, after {took_s:.1f} s",
        "",
        f"  Board    {board}",
        *(f"           {other}" for other in others),
        f"           sign in as {access.admin}, password {password}",
        f"  Admin    {board}admin/",
        f"  Flower   http://127.0.0.1:{access.flower_port}/",
        f"           sign in as {flower.USER}, password in {access.flower_password_file}",
        f"  Feed     {feed}",
        f"           token in {access.feed_token_file}",
        "",
        "See the feed from another terminal:",
        "",
    ]
    example = _FEED.format(
        python=shlex.quote(sys.executable), token_file=str(access.feed_token_file), url=f"{feed}?mode=batch"
    )
    return "\n".join(lines) + f"\n{example}\nCtrl-C stops everything.\n"
