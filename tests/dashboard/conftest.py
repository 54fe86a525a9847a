import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import websockets
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections
from django.test import Client, override_settings
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright
from websockets.typing import Origin

from core.models import Head
from tests.contract import read
from tests.dashboard.web import Web

Backstage = Callable[..., Awaitable[Any]]

PASSWORD = "a long one for the tests"


@pytest.fixture(scope="session", autouse=True)
def static_root() -> None:
    """A folder for static files, which may be empty: WhiteNoise warns where there is none."""
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)


@pytest.fixture(scope="session")
def hashed_password() -> str:
    return make_password(PASSWORD)


@pytest.fixture
def operator(committed: None, hashed_password: str) -> User:
    del committed
    return User.objects.create(username="olga", password=hashed_password)


@pytest.fixture
def browser(client: Client, operator: User) -> Client:
    client.force_login(operator)
    return client


@pytest.fixture(scope="session")
def static_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static files as they are deployed: under hashed names."""
    folder = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=folder):
        call_command("collectstatic", interactive=False, verbosity=0)
    return folder


@pytest.fixture(scope="session")
def daphne(
    django_db_setup: None,
    static_files: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Web]:
    del django_db_setup
    web = Web(static=static_files, log=tmp_path_factory.mktemp("web") / "daphne.log")
    yield web
    web.kill()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    path = os.environ.get("MICBOARD_CHROMIUM") or shutil.which("chromium")
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"]) as browser,
    ):
        yield browser


@pytest.fixture
def session(operator: User) -> str:
    """The key of a session in which the operator is signed in."""
    client = Client()
    client.force_login(operator)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest_asyncio.fixture(loop_scope="session")
async def backstage(committed: None) -> AsyncIterator[Backstage]:
    """Do something to the database while a browser looks on: in a thread, because Django wants no event loop."""
    del committed
    with ThreadPoolExecutor(max_workers=1) as thread:

        async def run(act: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            return await asyncio.get_running_loop().run_in_executor(thread, partial(act, *args, **kwargs))

        yield run
        await run(connections.close_all)


@pytest_asyncio.fixture(loop_scope="session")
async def web(daphne: Web, session: str, backstage: Backstage) -> Web:
    """Daphne, which knows already that the board of the test before is gone."""
    epoch = secrets.token_hex(3)
    await backstage(Head.objects.update, epoch=epoch)
    address = daphne.address.replace("http:", "ws:")
    cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"}
    async with websockets.connect(
        f"{address}/ws/devices/?mode=batch",
        additional_headers=cookie,
        origin=Origin(daphne.address),
        max_size=None,
    ) as socket:
        async for text in socket:
            if read(text)["epoch"] == epoch:
                break
    return daphne


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser, web: Web) -> AsyncIterator[Page]:
    """A browser window on a laptop. A test fails when its pages complain, or ask anybody but their own server."""
    complaints: list[str] = []
    asked: list[str] = []
    heard: list[str | bytes] = []

    def note(text: str | bytes) -> None:
        heard.append(text)

    async with await chromium.new_context(
        base_url=web.address, viewport={"width": 1440, "height": 900}
    ) as context:
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.extend(_complaints(said)))
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url.replace("ws:", "http:")))
        page.on("websocket", lambda socket: socket.on("framereceived", note))
        yield page
    for text in heard:
        read(text)
    assert complaints == []
    assert [url for url in asked if not url.startswith(f"{web.address}/")] == []


# What a server that is away, a clock that is put forward, and a page that is not there make the browser say.
_PROVOKED = (
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "closed before the connection is established",
    "/nowhere/",
)


def _complaints(said: ConsoleMessage) -> list[str]:
    complaint = f"{said.text} {said.location}"
    if said.type not in {"error", "warning"} or any(words in complaint for words in _PROVOKED):
        return []
    return [complaint]


async def sign_in(context: BrowserContext, session: str, web: Web) -> None:
    """Have the windows of this browser signed in with the key of a session."""
    await context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": web.address}])


@pytest_asyncio.fixture(loop_scope="session")
async def signed_in(page: Page, session: str, web: Web) -> Page:
    await sign_in(page.context, session, web)
    return page
