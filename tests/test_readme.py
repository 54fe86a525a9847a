"""README against what it describes."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
VARIABLE = re.compile(r"\b(MICBOARD_[A-Z_]*[A-Z]|DATABASE_URL|REDIS_URL)\b")
READ_BY = ("core", "deploy", "pollers", "realtime", "dashboard")


def test_the_settings_table_lists_what_is_read_and_nothing_else() -> None:
    sources = [path for room in READ_BY for path in (ROOT / room).rglob("*.py")]
    sources += [ROOT / "micboard", ROOT / "Procfile"]
    read = {name for path in sources for name in VARIABLE.findall(path.read_text())}

    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE))

    assert listed == read


def test_every_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"`([a-z]+/[a-z_/]+\.(?:py|js))`", README)) | set(
        re.findall(r"\]\(([\w./]+)\)", README)
    )

    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_every_name_of_the_guide_stands_where_the_table_says() -> None:
    table = README[README.index("it bears the guide's name") :]
    rows = re.findall(r"^\| (.+) \| `(.+)` \|$", table, re.MULTILINE)
    assert len(rows) >= 6

    for names, file in rows:
        source = (ROOT / file).read_text()
        for name in re.findall(r"`(\w+)", names):
            made = rf"^(?:export )?(?:async )?(?:def |class |function |const )?{name}\b"
            assert re.search(made, source, re.MULTILINE), f"{name} is not in {file}"
