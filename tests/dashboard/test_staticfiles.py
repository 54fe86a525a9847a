import asyncio
import hashlib
import re
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings
from django.contrib.staticfiles.finders import find
from django.core.asgi import get_asgi_application
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.test import override_settings

from realtime.files import StaticFiles
from tests.dashboard.web import Web

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


@pytest.fixture
def module(static_files: Path, daphne: Web) -> tuple[str, Path]:
    """The address of a module at Daphne, and its file."""
    (file,) = (static_files / "micboard" / "js").glob("wall.*.js")
    return f"{daphne.address}/static/{file.relative_to(static_files)}", file


def ask(address: str, method: str = "GET", **headers: str) -> requests.Response:
    plain = {"Accept-Encoding": "identity"}
    return requests.request(method, address, headers={**plain, **headers}, timeout=5, allow_redirects=False)


def test_a_file_is_kept_for_ever_and_is_what_it_says_it_is(module: tuple[str, Path]) -> None:
    address, file = module

    answer = ask(address)

    assert (answer.status_code, answer.content) == (200, file.read_bytes())
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Referrer-Policy" not in answer.headers  # which Django would have added
    assert "Content-Encoding" not in answer.headers


def test_who_takes_a_file_compressed_gets_it_so(module: tuple[str, Path]) -> None:
    address, file = module

    answer = ask(address, **{"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert int(answer.headers["Content-Length"]) < len(file.read_bytes()) == len(answer.content)


def test_a_file_that_is_known_is_not_sent_again(module: tuple[str, Path]) -> None:
    address, _ = module

    answer = ask(address, **{"If-None-Match": ask(address).headers["ETag"]})

    assert (answer.status_code, answer.content) == (304, b"")


def test_a_piece_of_a_file_a_look_at_it_and_a_change_of_it(module: tuple[str, Path]) -> None:
    address, file = module

    piece, look, change = ask(address, Range="bytes=5-9"), ask(address, "HEAD"), ask(address, "POST")

    assert (piece.status_code, piece.content) == (206, file.read_bytes()[5:10])
    assert (look.status_code, look.content) == (200, b"")
    assert int(look.headers["Content-Length"]) == file.stat().st_size
    assert (change.status_code, change.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path",
    [
        *("/static/", "/static/nothing.js", "/static//etc/passwd"),
        *("/static/../pyproject.toml", "/static/%2e%2e/pyproject.toml"),
    ],
)
def test_what_is_no_file_is_django_s_to_answer(daphne: Web, path: str) -> None:
    line = HTTPConnection(daphne.address.removeprefix("http://"), timeout=5)  # it sends a path as it is

    line.request("GET", path)
    answer = line.getresponse()

    assert answer.status == 404
    assert "default-src 'none'" in str(answer.headers["Content-Security-Policy"])
    line.close()


async def test_a_file_that_is_gone_since_is_not_there(tmp_path: Path, committed: None) -> None:
    """As after an upgrade, until this process is restarted too."""
    del committed
    (tmp_path / "old.js").touch()
    with override_settings(STATIC_ROOT=tmp_path):
        application = StaticFiles(get_asgi_application())
    (tmp_path / "old.js").unlink()
    scope = {"type": "http", "method": "GET", "path": "/static/old.js", "headers": [(b"host", b"localhost")]}

    told: list[Any] = []
    asked = [{"type": "http.request"}]

    async def hear() -> Any:
        return asked.pop() if asked else await asyncio.Event().wait()

    async def tell(event: Any) -> None:
        told.append(event)

    await application(scope, hear, tell)

    assert told[0]["status"] == 404


def test_addresses_are_plain_where_nothing_was_collected() -> None:
    assert static("micboard/js/wall.js") == "/static/micboard/js/wall.js"


def test_what_is_vendored_is_as_it_was_published() -> None:
    sums = Path(str(find("micboard/vendor/uplot/SHA256SUMS")))
    listed = [line.split() for line in sums.read_text().splitlines() if not line.startswith("#")]

    assert {name for _, name in listed} == {"LICENSE", "uPlot.esm.js", "uPlot.min.css"}
    for digest, name in listed:
        assert hashlib.sha256((sums.parent / name).read_bytes()).hexdigest() == digest, name
