"""JSON as the standard has it, and nothing that a parser may read in two ways."""

import json
import math
from typing import Any, NoReturn

from pollers.shure.errors import Malformed

_DIGITS = 18  # what a 64-bit integer holds


def parse(body: bytes) -> object:
    """Return the value that the body holds. Raises `Malformed`.

    Refused beyond what is no JSON at all: a byte order mark or any encoding but UTF-8, NaN and Infinity,
    numbers too large for a machine, a key given twice, and nesting deeper than the interpreter can follow.
    """
    try:
        return json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_int,
        )
    except (UnicodeDecodeError, json.JSONDecodeError, _AmbiguousError) as error:
        raise Malformed(f"The answer is not JSON: {_said(error)}.") from None
    except RecursionError:
        raise Malformed("The answer is nested too deeply.") from None


class _AmbiguousError(ValueError):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _AmbiguousError("a key is given twice")
    return value


def _constant(_: str) -> NoReturn:
    raise _AmbiguousError("it has a number that is none")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _AmbiguousError("a number is too large")
    return value


def _int(text: str) -> int:
    if len(text) > _DIGITS:
        raise _AmbiguousError("a number is too large")
    return int(text)


def _said(error: ValueError) -> str:
    match error:
        case json.JSONDecodeError():
            return f"{error.msg} at character {error.pos}"
        case UnicodeDecodeError():
            return f"no UTF-8 at byte {error.start}"
        case _:
            return str(error)
