"""Everybody comes at once, as after a restart of the network: how soon each has its snapshot, and what that takes.

In each round a fresh Daphne is stormed twice: by clients that it has never seen, and by the same that lost their
connections all together and come back at once.
"""

import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client as Browser

from tests.bench.crowd import BATCH, Audience, Crowd, gathered
from tests.bench.house import House
from tests.bench.web import Web, bearer, daphne
from tests.bench.workbench import percentile, say

PRINCIPALS = 20
SETTLES_S = 2.0
WITHIN_S = 60

Figures = dict[str, Any]


def run(options: Namespace) -> Figures:
    say(f"making {options.channels} channels")
    House(options.channels)
    rounds = [_round(options) for _ in range(options.rounds)]
    return {
        "channels": options.channels,
        "clients": options.clients,
        "signed_in_by": "session" if options.sessions else "token",
        **{name: _median([storms[name] for storms in rounds]) for name in ("came", "came_back")},
        "most_memory_mb": max(storms["most_memory_mb"] for storms in rounds),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """How one went. `all_served_s` is from the first attempt to connect to the last snapshot."""

    served: int
    refused: int
    half_served_s: float
    nearly_all_served_s: float
    all_served_s: float
    cpu_ms_each: float
    bytes_each: int


def _round(options: Namespace) -> Figures:
    with daphne() as web:
        there = _audience(web, options)
        with gathered(there) as crowd:
            _warm(web)
            came = _storm(web, crowd, there)
            crowd.leave()
            back = _storm(web, crowd, there)
        say(
            f"all {came.served} served in {came.all_served_s} s, {came.cpu_ms_each} ms each; "
            f"back again in {back.all_served_s} s, {back.cpu_ms_each} ms each"
        )
        return {"came": came, "came_back": back, "most_memory_mb": web.most_memory_mb}


def _storm(web: Web, crowd: Crowd, there: Audience) -> Storm:
    before, cpu_s = crowd.count(), web.cpu_s
    arrival = crowd.come(at_once=there.clients, within_s=WITHIN_S)
    time.sleep(SETTLES_S)
    after, cpu_s = crowd.count(), web.cpu_s - cpu_s
    for why, times in {**arrival.refused, **after.closed}.items():
        say(f"{times} were not served: {why}")
    served = sorted(arrival.served_s)
    return Storm(
        served=len(served),
        refused=sum(arrival.refused.values()) + sum(after.closed.values()) - sum(before.closed.values()),
        half_served_s=percentile(served, 50),
        nearly_all_served_s=percentile(served, 99),
        all_served_s=round(served[-1], 3),
        cpu_ms_each=round(cpu_s / there.clients * 1000, 3),
        bytes_each=round((after.bytes - before.bytes) / there.clients),
    )


def _median(storms: Sequence[Storm]) -> Figures:
    figures = [asdict(storm) for storm in storms]
    return {name: round(median(each[name] for each in figures), 3) for name in figures[0]}


def _warm(web: Web) -> None:
    """Have the board read, as it is long before anybody loses a connection."""
    with gathered(Audience(clients=1, port=web.port, path=BATCH, headers=[bearer()])) as one:
        one.come()
    time.sleep(SETTLES_S)


def _audience(web: Web, options: Namespace) -> Audience:
    names = [f"storm {number}" for number in range(PRINCIPALS)]
    headers = [_session(name, web) if options.sessions else bearer(name) for name in names]
    return Audience(
        clients=options.clients, port=web.port, path=BATCH, headers=headers, compressed=options.compressed
    )


def _session(name: str, web: Web) -> Mapping[str, str]:
    """Return the headers of a page of this server, opened by somebody who signed in."""
    user, _ = get_user_model().objects.get_or_create(username=name)
    browser = Browser()
    browser.force_login(user)
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return {
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={key}",
        "Origin": f"http://127.0.0.1:{web.port}",
    }
