"""The cases that the browser modules' tests run as well."""

import json
from pathlib import Path
from typing import Any


def vectors(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / f"{name}.json").read_text())
    return found
