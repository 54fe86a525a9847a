"""A page with one of the guide's clients: what it hears, what it shows, and what it ever showed."""

import contextlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

from playwright.sync_api import Error, Page, Route, WebSocket

from core.domain.state import AlertState, Rule
from tests.contract import checked
from tests.system import clients
from tests.system.clients import Client
from tests.system.families import Told
from tests.system.show import until
from tests.system.stack import Stack

WITHIN_S = 20

# Before any script of the page: notes what is to be seen at each place whenever something there changes.
_WATCH = """
window.shown = {};
window.everShown = {};
new MutationObserver(() => {
    for (const place of document.querySelectorAll('%(place)s[id]')) {
        const id = place.id.slice(place.id.indexOf('-') + 1);
        const seen = %(look)s;
        if (JSON.stringify(seen) === JSON.stringify(window.shown[id])) continue;
        window.shown[id] = seen;
        (window.everShown[id] ??= []).push(seen);
    }
}).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
"""

_SHOWS = """(wanted) => Object.entries(wanted).every(
    ([id, seen]) => JSON.stringify(seen) === JSON.stringify(window.shown[id]))"""

# A throttler that passes a null on by itself is right.
_NONSENSE = re.compile(r"undefined|NaN|\[object|null.|.null")


class Seen:
    """A page that is open, from the moment on that it was opened."""

    def __init__(self, page: Page, client: Client, *, stack: Stack, device_ids: list[str]) -> None:
        self.client = client
        self.errors: set[str] = set()
        self._page = page
        self._heard: list[list[dict[str, Any]]] = []
        self._levels: dict[str, int | None] = {}
        self._owners: dict[tuple[int, str], set[str]] = defaultdict(set)
        page.on("pageerror", lambda error: self.errors.add(error.message))
        page.on("websocket", self._listen)
        page.add_init_script(_WATCH % {"place": client.place, "look": client.look})
        self._serve(stack, device_ids)
        page.goto("/page")
        self._sockets = len(device_ids) if client.for_each else 1

    def _serve(self, stack: Stack, device_ids: list[str]) -> None:
        script = clients.at(stack, self.client.script())
        html = f"<!doctype html><body>{self.client.body(device_ids)}<script src='/page.js'></script>"

        def answer(route: Route) -> None:
            if route.request.url.endswith(".js"):
                route.fulfill(content_type="text/javascript", body=script)
            else:
                route.fulfill(content_type="text/html", body=html)

        self._page.route(f"{stack.url}/page", answer)
        self._page.route(f"{stack.url}/page.js", answer)

    def _listen(self, socket: WebSocket) -> None:
        frames: list[dict[str, Any]] = []
        self._heard.append(frames)
        socket.on("framereceived", lambda text: frames.append(json.loads(text)))

    # What it hears

    def counts(self) -> list[Counter[str]]:
        """Return how many frames of each type each socket has heard."""
        assert len(self._heard) == self._sockets
        return [Counter(frame["type"] for frame in frames) for frames in self._heard]

    def expect_one_more(self, kind: str, before: list[Counter[str]]) -> None:
        """Wait until each socket has heard a frame of this type since it was counted."""
        self._wait(
            lambda: all(now[kind] > then[kind] for now, then in zip(self.counts(), before, strict=True)),
            what=f"a {kind} at the {self.client.name}",
        )

    def expect_alerts(self, rule: Rule, state: AlertState, about: set[str]) -> None:
        """Wait until each socket has heard that these alerts of a rule, and no others, are in this state."""
        with contextlib.suppress(AssertionError):
            self._wait(
                lambda: all(_about(frames, rule, state) == about for frames in self._heard),
                what=f"{rule} {state}",
            )
        told = [_about(frames, rule, state) for frames in self._heard]
        assert len(told) == self._sockets
        wrong = [(sorted(heard - about), sorted(about - heard)) for heard in told if heard != about]
        assert not wrong, f"{self.client.name} heard {rule} {state}, too many and too few: {wrong}"

    def _wait(self, true: Callable[[], object], *, what: str) -> None:
        def now() -> object:
            self._page.wait_for_timeout(20)  # frames are told while the browser is waited for
            return true()

        until(now, within_s=WITHIN_S, what=what)

    # What it shows

    def expect(self, told: Mapping[str, Told]) -> dict[str, list[str]]:
        """Wait until each place shows what was told of its own channel, and return what that is."""
        for device_id, now in told.items():
            if now.battery_level is not None or device_id not in self._levels:
                self._levels[device_id] = now.battery_level
        wanted = {
            device_id: self.client.shows(now, self._levels[device_id]) for device_id, now in told.items()
        }
        for device_id, seen in wanted.items():
            for at, text in enumerate(seen):
                self._owners[at, text].add(device_id)
        with contextlib.suppress(Error):
            self._page.wait_for_function(_SHOWS, arg=wanted, timeout=1000 * WITHIN_S)
        shown = self.shown()
        differing = {
            device_id: (shown.get(device_id), seen)
            for device_id, seen in wanted.items()
            if shown.get(device_id) != seen
        }
        assert not differing, f"{self.client.name} shows, but should: {differing}"
        return wanted

    def shown(self) -> dict[str, list[str]]:
        """Return what is to be seen at each place now."""
        shown: dict[str, list[str]] = self._page.evaluate("window.shown")
        return shown

    def expect_that_nothing_was_ever_wrong(self) -> None:
        """No place was ever blank without reason, or showed what is no value, or what is another channel's alone; and
        nothing was heard but what the contract says.
        """
        for frame in chain.from_iterable(self._heard):
            checked(frame)
        ever: dict[str, list[list[str]]] = self._page.evaluate("window.everShown")
        texts = {
            (device_id, at, text)
            for device_id, looks in ever.items()
            for seen in looks
            for at, text in enumerate(seen)
        }
        assert {device_id for device_id, _, _ in texts} == set(self._levels)
        strange = {
            (device_id, text)
            for device_id, at, text in texts
            if device_id not in (owners := self._owners[at, text]) and (len(owners) == 1 or not text)
        }
        nonsense = {(device_id, text) for device_id, _, text in texts if _NONSENSE.search(text)}
        assert not strange, f"{self.client.name} showed nothing, or another channel's: {strange}"
        assert not nonsense, f"{self.client.name} showed what is no value: {nonsense}"
        assert "undefined" not in self._page.content()
        assert self.errors <= self.client.errors


def _about(frames: list[dict[str, Any]], rule: Rule, state: AlertState) -> set[str]:
    """Return the ids that are told of last in this state, by this rule."""
    last = {
        frame["target"].get("device_id", frame["target"].get("receiver_id")): frame["state"]
        for frame in frames
        if frame["type"] == "system_alert" and frame["rule"] == rule
    }
    return {target for target, told in last.items() if told == state}
