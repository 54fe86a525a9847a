import hashlib
import re
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import find
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.test import override_settings

HASHED = re.compile(r"\.[0-9a-f]{12}\.(js|css|svg)$")
IMPORT = re.compile(r"""(?:from|import)\s*["'](\.[^"']+)["']""")
URL = re.compile(r"""url\(["']?([^"')]+)""")


def test_every_module_imports_modules_that_were_collected_under_hashed_names(static_files: Path) -> None:
    modules = [file for file in (static_files / "micboard" / "js").rglob("*.js") if HASHED.search(file.name)]

    imported = {file.parent / path for file in modules for path in IMPORT.findall(file.read_text())}

    assert len(modules) > 10
    assert len(imported) > 10
    assert [file for file in imported if not (HASHED.search(file.name) and file.exists())] == []


def imported_by(module: str) -> set[str]:
    """Return the modules that one imports, and those that these import."""
    source = Path(str(find(f"micboard/js/{module}"))).read_text()
    found = {path.removeprefix("./") for path in IMPORT.findall(source)}
    return found.union(*(imported_by(each) for each in found))


def test_the_wall_asks_at_once_for_every_module_that_it_needs(static_files: Path) -> None:
    with override_settings(STATIC_ROOT=static_files, STORAGES=dict(settings.STORAGES)):
        links = re.findall(r'href="/static/micboard/js/([^"]+)"', render_to_string("dashboard/modules.html"))

    assert [link for link in links if not HASHED.search(link)] == []
    assert {re.sub(HASHED, r".\1", link) for link in links} == imported_by("wall.js") | imported_by("keys.js")
    assert [link for link in links if not (static_files / "micboard" / "js" / link).exists()] == []


def test_no_stylesheet_loads_anything_else(static_files: Path) -> None:
    sheets = list((static_files / "micboard" / "css").glob("*.css"))

    assert len(sheets) > 10
    assert [found for sheet in sheets for found in URL.findall(sheet.read_text())] == []


def test_files_are_kept_compressed(static_files: Path) -> None:
    assert list((static_files / "micboard" / "js").glob("wall.*.js.gz"))


def test_addresses_are_plain_where_nothing_was_collected() -> None:
    assert static("micboard/js/wall.js") == "/static/micboard/js/wall.js"


def test_what_is_vendored_is_as_it_was_published() -> None:
    sums = Path(str(find("micboard/vendor/uplot/SHA256SUMS")))
    listed = [line.split() for line in sums.read_text().splitlines() if not line.startswith("#")]

    assert {name for _, name in listed} == {"LICENSE", "uPlot.esm.js", "uPlot.min.css"}
    for digest, name in listed:
        assert hashlib.sha256((sums.parent / name).read_bytes()).hexdigest() == digest, name
