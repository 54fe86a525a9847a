"""What a server is spared, by all who ask it: on real Valkey, against a server that is played."""

import logging
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import redis
from django.conf import settings

from pollers import restraint
from pollers.restraint import A_SECOND, AT_ONCE, FAILURES_TO_OPEN, REFUSALS, Restraint
from pollers.restraint.valkey import Valkey
from pollers.shure.deadlines import Deadline
from pollers.shure.endpoints import Endpoint
from pollers.shure.errors import Malformed, Refused, Throttled, Unanswered, Unreachable, Unsupported
from pollers.shure.system_api import SystemApi
from pollers.simulator import Simulator, Status

DETAIL = "10.0.0.9:10000 did not answer in time."


@pytest.fixture
def valkey() -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(settings.REDIS_URL)
    yield client
    client.close()


@pytest.fixture
def main(valkey: redis.Redis) -> Iterator[Restraint]:
    """A server's restraint, as each worker makes its own."""
    yield (made := Restraint("main", "10.0.0.9:10000", f"test:restraint:{time.monotonic_ns()}"))
    valkey.delete(made.key, f"{made.key}:inflight")


def soon(seconds: float = 5) -> Deadline:
    return Deadline.after(timedelta(seconds=seconds))


def ask(one: Restraint, error: Exception | None = None) -> None:
    with one.turn(soon()):
        if error is not None:
            raise error


def fail(one: Restraint, times: int = FAILURES_TO_OPEN) -> None:
    for _ in range(times):
        with pytest.raises(Unreachable):
            ask(one, Unreachable("timeout", DETAIL))


def over(one: Restraint, valkey: redis.Redis, *words: str) -> None:
    """Let a time be over."""
    valkey.hset(one.key, mapping=dict.fromkeys(words, 1))


def is_asked(one: Restraint) -> bool:
    """Say whether a question is let through; it is answered."""
    try:
        ask(one)
    except Unanswered:
        return False
    return True


def test_five_failures_in_a_row_open_the_circuit_for_all_and_say_why(main: Restraint) -> None:
    fail(main, FAILURES_TO_OPEN - 1)
    ask(main)
    fail(main)

    with pytest.raises(Unreachable) as left_alone:
        ask(replace(main), AssertionError("it was asked"))

    assert (left_alone.value.reason, left_alone.value.detail) == ("timeout", DETAIL)


@pytest.mark.parametrize(
    "error",
    [Unreachable("gone", "…"), Unsupported("…"), Malformed("one odd device", reason="no_json")],
    ids=["gone", "unsupported", "malformed"],
)
def test_what_only_one_device_lacks_opens_nothing(main: Restraint, error: Exception) -> None:
    for _ in range(2 * FAILURES_TO_OPEN):
        with pytest.raises(type(error)):
            ask(main, error)

    assert is_asked(main)


def test_one_probe_is_let_through_and_closes_the_circuit_when_it_is_answered(
    main: Restraint, valkey: redis.Redis
) -> None:
    fail(main)
    over(main, valkey, "open_until")

    with main.turn(soon()):
        assert not is_asked(main)

    assert is_asked(main)
    fail(main, FAILURES_TO_OPEN - 1)
    assert is_asked(main)


def test_a_probe_that_fails_opens_it_for_longer_each_time(
    main: Restraint, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.random", lambda: 1.0)
    fail(main)
    spans = []
    for _ in range(6):
        seconds, micros = valkey.time()
        until = valkey.hget(main.key, "open_until")
        assert until is not None
        spans.append(round((int(until) - seconds * 1000 - micros / 1000) / 1000))
        over(main, valkey, "open_until")
        fail(main, 1)

    assert spans == [5, 10, 20, 40, 60, 60]


def test_the_jitter_spreads_the_probes_of_many_servers(
    main: Restraint, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.random", lambda: 0.0)
    fail(main)
    seconds, _ = valkey.time()
    until = valkey.hget(main.key, "open_until")
    assert until is not None
    assert 0 < int(until) - seconds * 1000 <= 2001  # one second, the shortest


def test_a_pause_that_the_server_asked_for_is_kept_by_all_and_is_no_failure(
    main: Restraint, valkey: redis.Redis
) -> None:
    for _ in range(2 * FAILURES_TO_OPEN):
        with pytest.raises(Throttled):
            ask(main, Throttled(timedelta(seconds=40), "a pause"))

    with pytest.raises(Throttled) as paused:
        ask(replace(main), AssertionError("it was asked"))
    assert timedelta(seconds=39) < paused.value.retry_after <= timedelta(seconds=40)

    over(main, valkey, "pause_until")
    assert is_asked(main)


def test_a_key_that_is_not_accepted_is_tried_once_a_minute(main: Restraint, valkey: redis.Redis) -> None:
    for _ in range(REFUSALS):
        with pytest.raises(Refused):
            ask(main, Refused("unauthorised", "enter the key"))
    with pytest.raises(Refused) as again:
        ask(main, AssertionError("it was asked"))
    assert again.value.detail == "enter the key"
    remaining = int(valkey.hget(main.key, "refused_until") or 0) - valkey.time()[0] * 1000
    assert 58_000 < remaining <= 61_000

    over(main, valkey, "refused_until")
    assert is_asked(main)
    for _ in range(3 * REFUSALS):  # of one device, among others that are answered
        with pytest.raises(Refused):
            ask(main, Refused("unauthorised", "enter the key"))
        assert is_asked(main)


def test_a_corrected_key_or_address_begins_anew() -> None:
    first = Endpoint(url="https://10.0.0.9:10000", key="old")
    made = {
        Restraint.of(1, "main", endpoint).key
        for endpoint in (
            first,
            replace(first, key="new"),
            replace(first, url="https://10.0.0.8:10000"),
            replace(first, pins=("a" * 64,)),
        )
    }
    assert len(made) == 4
    assert not any("old" in key or "new" in key for key in made)


def test_no_more_are_asked_at_once_than_may_be(main: Restraint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restraint, "PATIENCE", timedelta(seconds=30))
    inside, most, lock, all_in = 0, 0, threading.Lock(), threading.Barrier(AT_ONCE)

    def one(number: int) -> None:
        nonlocal inside, most
        with main.turn(soon(30)):
            with lock:
                inside += 1
                most = max(most, inside)
            if number < AT_ONCE:
                all_in.wait(30)
            time.sleep(0.05)
            with lock:
                inside -= 1

    with ThreadPoolExecutor(AT_ONCE) as first, ThreadPoolExecutor(2 * AT_ONCE) as others:
        together = [first.submit(one, number) for number in range(AT_ONCE)]
        all_the_rest = [others.submit(one, number) for number in range(AT_ONCE, 3 * AT_ONCE)]
        for poll in (*together, *all_the_rest):
            poll.result()

    assert most == AT_ONCE


def test_who_finds_no_turn_in_a_second_leaves_it_to_the_next_poll(main: Restraint) -> None:
    turns = [main.turn(soon()) for _ in range(AT_ONCE)]
    for turn in turns:
        turn.__enter__()

    began = time.monotonic()
    with pytest.raises(Throttled, match="their turn at the next poll"):
        ask(main)
    assert 0.9 < time.monotonic() - began < 3

    for turn in turns:
        turn.__exit__(None, None, None)
    assert is_asked(main)


def test_whoever_died_inside_gives_his_place_back(main: Restraint, valkey: redis.Redis) -> None:
    for _ in range(AT_ONCE):
        main.turn(soon()).__enter__()
    for ticket in valkey.zrange(f"{main.key}:inflight", 0, -1):
        assert isinstance(ticket, bytes)
        valkey.zadd(f"{main.key}:inflight", {ticket.decode(): 1})

    assert is_asked(main)


def test_beyond_what_was_saved_up_the_rate_is_kept(main: Restraint) -> None:
    began = time.monotonic()
    asked = A_SECOND + A_SECOND // 2
    with ThreadPoolExecutor(AT_ONCE) as workers:
        list(workers.map(lambda _: ask(main), range(asked)))

    assert time.monotonic() - began >= (asked - A_SECOND - 1) / A_SECOND


def test_it_is_logged_once_when_lost_and_once_when_back(
    main: Restraint, valkey: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="pollers.restraint")
    fail(main)
    for _ in range(3):
        over(main, valkey, "open_until")
        fail(main, 1)
    over(main, valkey, "open_until")
    ask(main)
    ask(main)

    assert caplog.messages == [f"main is left alone for a while: {DETAIL}", "main answers again"]


def test_a_valkey_that_was_restarted_is_asked_on_as_if_nothing_had_been(
    main: Restraint, valkey: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    ask(main)
    for client in valkey.client_list():
        if client["name"] == f"restraint-{os.getpid()}":
            valkey.client_kill_filter(_id=client["id"])
    ask(main)
    valkey.script_flush()
    ask(main)

    assert valkey.zcard(f"{main.key}:inflight") <= 1  # the last one's end may still be on its way
    fail(main)
    assert not is_asked(main)
    assert [message for message in caplog.messages if "Without" in message] == []


def test_one_that_answers_after_all_says_so_although_nobody_waited_to_hear_it(
    main: Restraint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="pollers.restraint")
    with main.turn(soon()):
        fail(main)
    ask(main)

    assert caplog.messages == [f"main is left alone for a while: {DETAIL}", "main answers again"]


def test_without_valkey_everything_is_asked(
    main: Restraint, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    nobody = Valkey("redis://127.0.0.1:1")
    monkeypatch.setattr(restraint, "_valkey", lambda: nobody)

    fail(main, 3 * FAILURES_TO_OPEN)
    assert is_asked(main)

    assert len(caplog.messages) == 1


def test_a_server_that_fails_is_asked_no_more_and_one_that_is_back_is_believed() -> None:
    with Simulator(models=("ULXD4",), seed=1, paused=True) as simulator:
        endpoint = Endpoint(
            url=simulator.url, key=simulator.api_key, pins=(simulator.fingerprint,), allow_loopback=True
        )
        one = Restraint("main", endpoint.authority, f"test:restraint:{time.monotonic_ns()}")
        api = SystemApi(endpoint, one.turn)
        simulator.strike(Status(status=503))
        for _ in range(4 * FAILURES_TO_OPEN):
            with pytest.raises(Unreachable):
                api.devices(deadline=soon())
        assert simulator.counts().requests["GET /devices"] == {503: FAILURES_TO_OPEN}

        simulator.heal()
        redis.Redis.from_url(settings.REDIS_URL).hset(one.key, "open_until", "1")
        devices, _ = api.devices(deadline=soon())

    assert len(devices) == 1
