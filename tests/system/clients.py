"""The clients that the user's guide prints, each as it is meant to be used, in a page of an integrator's own."""

import os
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.system.families import Told
from tests.system.stack import ROOT, Stack

GUIDE = Path(__file__).with_name("guide")
MODULES = ROOT / "tests" / "js" / "node_modules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One client of the guide's.

    `body` is the page for these channels, `place` selects the element of each, whose id ends in the channel's.
    `look` is the JavaScript that lists what is to be seen at a `place`, empty before the first update, `shows` the
    same list as it has to be: from what the feed tells now, and the last battery level that it told. `errors` are
    those that the guide leaves to its reader, `for_each` says whether every channel has a socket of its own.
    """

    name: str
    script: Callable[[], str]
    body: Callable[[Iterable[str]], str]
    place: str
    look: str
    shows: Callable[[Told, int | None], list[str]]
    errors: frozenset[str] = frozenset()
    for_each: bool = False


def at(stack: Stack, script: str) -> str:
    """Return a script of the guide's with the name of this server."""
    return script.replace("ws://your-server/", f"{stack.feed}/")


def _printed(name: str) -> str:
    return (GUIDE / name).read_text()


def _width(level: int | None) -> str:
    return "" if level is None else f"{level}%"


def _blank(value: object) -> str:
    return "" if value is None else str(value)


# These methods the guide leaves to its reader; without them the client goes on with the next message.
_LEFT_TO_THE_READER = frozenset(
    {"this.updateConnectionStatus is not a function", "this.showAlert is not a function"}
)

# The elements that the client looks for.
_TILE = (
    '<article id="device-{id}"><div class="battery-bar"></div><i class="signal-icon"></i>'
    '<time class="last-update"></time></article>'
)


def _tile_shows(told: Told, last_level: int | None) -> list[str]:
    """Return what the client makes of an update. A bar keeps its width where no level is told: `null%` is none."""
    return [_width(last_level), f"signal-icon {told.rf_quality}"]


JAVASCRIPT = Client(
    name="JavaScript client",
    script=lambda: _printed("client.js"),
    body=lambda ids: "".join(_TILE.format(id=device_id) for device_id in ids),
    place="article",
    look="""place.querySelector('.last-update').textContent === '' ? [] : [
        place.querySelector('.battery-bar').style.width,
        place.querySelector('.signal-icon').className,
    ]""",
    shows=_tile_shows,
    errors=_LEFT_TO_THE_READER,
)

# The guide's throttler, between its client and the page.
_BETWEEN = """
class Throttler extends UpdateThrottler {
    applyUpdate(deviceId, update) {
        const { name, battery_level, rf_signal, rf_quality, audio_level } = update;
        document.getElementById(`device-${deviceId}`).replaceChildren(
            ...[name, battery_level, rf_signal, rf_quality, audio_level].map((value) => {
                const field = document.createElement('data');
                field.textContent = String(value);
                return field;
            }),
        );
    }
}
const throttler = new Throttler();
micboardWS.updateDeviceDisplay = (data) => throttler.queueUpdate(data.device_id, data);
"""


def _throttler_passes_on(told: Told, _last_level: int | None) -> list[str]:
    values = (told.name, told.battery_level, told.rf_signal, told.rf_quality, told.audio_level)
    return ["null" if value is None else str(value) for value in values]


THROTTLER = Client(
    name="throttler",
    script=lambda: _printed("client.js") + _printed("throttler.js") + _BETWEEN,
    body=lambda ids: "".join(f'<output id="device-{device_id}"></output>' for device_id in ids),
    place="output",
    look="[...place.children].map((field) => field.textContent)",
    shows=_throttler_passes_on,
    errors=_LEFT_TO_THE_READER,
)


@cache
def _bundled() -> str:
    """Return the component with React, as one script."""
    ran = subprocess.run(
        [str(MODULES / ".bin" / "esbuild"), "mount.jsx", "--bundle", "--jsx=automatic"],
        cwd=GUIDE,
        env={**os.environ, "NODE_PATH": str(MODULES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{ran.stderr} (npm ci in tests/js installs what this needs)"
    return ran.stdout


def _monitor_shows(told: Told, last_level: int | None) -> list[str]:
    return [
        told.name,
        f"Battery: {_blank(told.battery_level)}%",
        _width(last_level),
        f"RF: {_blank(told.rf_signal)} dBm ({told.rf_quality})",
        f"Audio: {_blank(told.audio_level)} dB",
        "Status: connected",
    ]


REACT = Client(
    name="React component",
    script=_bundled,
    body=lambda ids: (
        f"<main></main><script type='application/json' id='ids'>[{', '.join(map(_quoted, ids))}]</script>"
    ),
    place="section",
    look="""place.querySelector('.device-monitor') === null ? [] : [
        place.querySelector('h3').textContent,
        place.querySelector('.battery').textContent,
        place.querySelector('.battery-bar').style.width,
        place.querySelector('.signal').textContent,
        place.querySelector('.audio').textContent,
        place.querySelector('.status').textContent,
    ]""",
    shows=_monitor_shows,
    for_each=True,
)


def _quoted(text: str) -> str:
    return f'"{text}"'


CLIENTS = (JAVASCRIPT, THROTTLER, REACT)
