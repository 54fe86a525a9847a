"""The twenty-five checks of what operators see, each in a real browser; tests bear them by number.

T is the interval at which a receiver is polled.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

CHECKS: Mapping[int, str] = {
    1: "At 1920 by 1080 with fit=3m 24 tiles stand whole, nothing scrolls, and no name is smaller than 40 px.",
    2: "Each state has a glyph and a visible word of its own; a tile's label says id, name, state and headline.",
    3: "Text stands out from its ground by 4.5:1, large text by 3:1, in both themes.",
    4: "To eyes without red, without green, or without any colour the states differ by border, glyph and word.",
    5: "The header counts what the tiles show; ok turning critical is in counts, title and icon within 2 s, unloaded.",
    6: "A change is on its tile within 1 s of its frame, and touches no other tile.",
    7: "What is polled without changing stays no older than 1.5 T + 2 s, for two minutes.",
    8: "A receiver at 10 s that is polled no more is late by 20 s, stale with “?” by 50 s, “—” after 11 minutes.",
    9: "The poller alone stops: told within 15 s, and not as a lost connection; it starts again, and that is gone.",
    10: "A receiver that hangs up and stays away is offline within three polls, and comes back without a hand.",
    11: "A socket is lost: told within 15 s, tiles stay. It is back: untold within 5 s, with all that was missed.",
    12: "A web server that is away for 60 s costs neither address, place, filter, focus nor a second load.",
    13: "What the list is asked for stands in its address: typing, reload and Back agree.",
    14: "“/” leads to the search; no match says “0 of N” with a way out; what is typed into a field is no key.",
    15: "Runtimes sort as numbers, the unknown last both ways, and the heading says which way.",
    16: "A spreadsheet has the rows that are seen, units, times with offsets, and no cell that calculates.",
    17: "Paper has no navigation; it has a word of state in each row, and when it was printed.",
    18: "A channel's plots show something, share a crosshair, have their range in the address, draw ten minutes "
    "without a receiver as a gap, and say the same in words.",
    19: "Of seven days of 60,480 samples at most 2,000 a series are drawn, with the least and the greatest, in 1 s.",
    20: "A low battery is one alert within 5 s; who took it over is told with time and reason; worse opens it again, "
    "recovery ends it; to who is not signed in it is 403.",
    21: "A dead receiver of four channels is one alert, one mail, one post; ±1 dB about a limit at most one alert.",
    22: "A mute of 15 minutes sends nothing, stands in the header, and ends by itself.",
    23: "On a phone nothing scrolls sideways on any page, and the strip is in sight; 200 % can be worked with.",
    24: "The keyboard alone reaches and takes over, and shows where it is; axe-core finds nothing serious anywhere.",
    25: "200 channels at 10 s for 60 s: at most 3 kB a second at the server's socket, nothing from elsewhere, no "
    "complaint, no long task.",
}

_TESTS = Path(__file__).parents[1]
_ROOMS = ("dashboard", "system")


def bearers() -> dict[int, list[str]]:
    """Return which tests bear each check, as their files mark them."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for path in sorted(path for room in _ROOMS for path in (_TESTS / room).glob("test_*.py")):
        for number, test in _marked(ast.parse(path.read_text())):
            found[number].append(f"{path.relative_to(_TESTS)}::{test}")
    return dict(found)


def _marked(module: ast.Module) -> Iterator[tuple[int, str]]:
    for part in module.body:
        if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in part.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.check":
                for number in decorator.args:
                    yield ast.literal_eval(number), part.name


def table(found: Mapping[int, Sequence[str]]) -> str:
    return "".join(
        f"{number:>2}  {sentence}\n" + "".join(f"      {test}\n" for test in found.get(number, ["NO TEST"]))
        for number, sentence in CHECKS.items()
    )
