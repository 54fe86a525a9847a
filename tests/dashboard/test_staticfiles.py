import re
from pathlib import Path

from django.templatetags.static import static

HASHED = re.compile(r"\.[0-9a-f]{12}\.(js|css|svg)$")
IMPORT = re.compile(r"""(?:from|import)\s*["'](\.[^"']+)["']""")
URL = re.compile(r"""url\(["']?([^"')]+)""")


def test_every_module_imports_modules_that_were_collected_under_hashed_names(static_files: Path) -> None:
    modules = [file for file in (static_files / "micboard" / "js").glob("*.js") if HASHED.search(file.name)]

    imported = {file.parent / path for file in modules for path in IMPORT.findall(file.read_text())}

    assert len(modules) > 10
    assert len(imported) > 10
    assert [file for file in imported if not (HASHED.search(file.name) and file.exists())] == []


def test_no_stylesheet_loads_anything_else(static_files: Path) -> None:
    sheets = list((static_files / "micboard" / "css").glob("*.css"))

    assert len(sheets) > 10
    assert [found for sheet in sheets for found in URL.findall(sheet.read_text())] == []


def test_files_are_kept_compressed(static_files: Path) -> None:
    assert list((static_files / "micboard" / "js").glob("wall.*.js.gz"))


def test_addresses_are_plain_where_nothing_was_collected() -> None:
    assert static("micboard/js/wall.js") == "/static/micboard/js/wall.js"
