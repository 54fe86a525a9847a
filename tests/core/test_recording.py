"""What a poll leaves behind, in one transaction or not at all."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.postgres.functions import TransactionNow
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from core import claims, clock
from core.claims import Started
from core.domain.outcome import Outcome, judge
from core.domain.reading import Failure, Reading
from core.domain.state import instant
from core.domain.tiers import Tier
from core.models import (
    Alert,
    ChannelRecord,
    Claim,
    Inbox,
    Location,
    PollMemory,
    PollRecord,
    Receiver,
    Server,
    ServerHealth,
)
from core.recording import ServerAnswer, record
from tests.fleet import answered, heard, make_receivers, silent

pytestmark = pytest.mark.django_db

WELL = answered(*(heard(number) for number in range(1, 5)))
ANSWERED = ServerAnswer(ok=True, latency_ms=12)


def started() -> Started:
    """Return the next claim of the one receiver, started."""
    Claim.objects.update(wanted=True, inflight_until=None)
    ((due,), _) = claims.claim_due(10)
    start = claims.start(receiver_id=due.receiver_id, claim_seq=due.claim_seq)
    assert start is not None
    return start


def recorded(
    reading: Reading,
    *,
    memory: Mapping[str, Mapping[str, Any]] | None = None,
    server: ServerAnswer | None = ANSWERED,
) -> Outcome:
    start = started()
    outcome = judge(start.known, reading)
    assert record(start, outcome, memory=start.memory if memory is None else memory, server=server)
    return outcome


def test_a_changed_channel_is_kept_with_its_state_after_the_change() -> None:
    make_receivers()
    recorded(WELL)
    Inbox.objects.all().delete()

    recorded(answered(heard(1, frequency_khz=602_125), *(heard(number) for number in (2, 3, 4))))

    (row,) = Inbox.objects.all()
    kept = ChannelRecord.objects.get(channel__device_id=row.device_id)
    assert row.changes == {"frequency_khz": [578_350, 602_125]}
    assert (row.kind, row.rev, row.state) == ("change", 2, kept.recorded)
    assert kept.recorded["frequency_khz"] == 602_125


def test_an_unchanged_poll_is_two_statements_and_no_row() -> None:
    make_receivers()
    recorded(WELL)
    Inbox.objects.all().delete()
    Claim.objects.update(wanted=True)
    ((due,), _) = claims.claim_due(10)

    with CaptureQueriesContext(connection) as queries:
        start = claims.start(receiver_id=due.receiver_id, claim_seq=due.claim_seq)
        assert start is not None
        assert record(start, judge(start.known, WELL), memory=start.memory, server=ANSWERED)

    assert len(queries) == 2
    assert not Inbox.objects.exists()


def test_a_poll_that_changes_everything_is_at_most_six_statements() -> None:
    (receiver,) = make_receivers()
    Claim.objects.update(wanted=True)
    ((due,), _) = claims.claim_due(10)

    with CaptureQueriesContext(connection) as queries:
        start = claims.start(receiver_id=receiver.pk, claim_seq=due.claim_seq)
        assert start is not None
        renamed = replace(WELL, name="Rack B")
        memory = {"name": {"etag": '"1"', "digest": "d"}}
        assert record(start, judge(start.known, renamed), memory=memory, server=ANSWERED)

    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(statements) <= 6
    assert Inbox.objects.count() == 4


def test_the_last_ten_polls_are_kept_with_what_each_source_said() -> None:
    (receiver,) = make_receivers()
    for reading in [WELL] * 10 + [silent()]:
        recorded(reading)
    recorded(Reading(command_strings=WELL.command_strings), server=None)

    kept = list(receiver.polls.all())

    assert [(poll.claim_seq, poll.system_api, poll.command_strings) for poll in kept] == [
        (12, None, "ok"),
        (11, "ok", "timeout"),
        *[(seq, "ok", "ok") for seq in range(10, 2, -1)],
    ]
    assert [poll.tier for poll in kept[:3]] == ["critical", "normal", "normal"]


def test_a_poll_is_kept_with_how_long_it_took_from_its_start_by_the_database_s_clock() -> None:
    make_receivers()
    start = replace(started(), started_at=clock.now() - timedelta(seconds=3))

    assert record(start, judge(start.known, WELL), memory={}, server=ANSWERED)

    poll = PollRecord.objects.get()
    assert poll.started_at == start.started_at
    assert 3000 <= poll.duration_ms < 5000


def test_a_poll_that_is_judged_anew_has_taken_all_the_while() -> None:
    make_receivers()
    start = started()
    Claim.objects.update(recorded_seq=F("recorded_seq") + 1)

    again = claims.again(start)

    assert again is not None
    assert again.started_at == start.started_at


def test_a_receiver_s_polls_go_with_it() -> None:
    (receiver,) = make_receivers()
    recorded(WELL)

    receiver.delete()

    assert not PollRecord.objects.exists()


def test_an_overtaken_claim_keeps_nothing() -> None:
    (receiver,) = make_receivers()
    overtaken = started()
    started()
    outcome = judge(overtaken.known, replace(WELL, name="late"))

    kept = record(overtaken, outcome, memory={"device": {"etag": None, "digest": "late"}}, server=ANSWERED)

    receiver.refresh_from_db()
    assert not kept
    assert receiver.name == ""
    assert not Inbox.objects.exists()
    assert not PollMemory.objects.exists()
    assert not PollRecord.objects.exists()
    assert claims.again(overtaken) is None


def test_what_somebody_else_recorded_meanwhile_is_judged_anew() -> None:
    make_receivers()
    start = started()
    Claim.objects.update(recorded_seq=F("recorded_seq") + 1)

    assert not record(start, judge(start.known, WELL), memory={}, server=ANSWERED)

    again = claims.again(start)
    assert again is not None
    assert record(again, judge(again.known, WELL), memory={}, server=ANSWERED)
    assert Inbox.objects.count() == 4


def test_a_poll_that_finishes_frees_its_claim_and_keeps_the_standing_of_its_sources() -> None:
    make_receivers()
    recorded(WELL)
    recorded(silent())

    claim = Claim.objects.get()

    assert (claim.inflight_until, claim.failures, claim.command_strings_failures) == (None, 1, 1)
    assert (claim.system_api_failures, claim.tier, claim.tier_reason) == (0, "critical", "retrying")
    assert claim.seen_at is not None


def test_a_failed_poll_is_due_again_after_the_critical_interval_and_a_good_one_after_the_normal() -> None:
    make_receivers()
    recorded(WELL)
    Claim.objects.update(slot_at=TransactionNow() - timedelta(seconds=11))
    assert claims.claim_due(10)[0] == []

    recorded(silent())
    ((due,), _) = claims.claim_due(10)

    assert (due.tier, due.interval_s, due.failing) == (Tier.CRITICAL, 10, True)


def test_memory_is_written_only_when_it_changes() -> None:
    make_receivers()
    memory = {"device": {"etag": '"7"', "digest": "d7"}}
    recorded(WELL, memory=memory)

    with CaptureQueriesContext(connection) as queries:
        recorded(WELL, memory=memory)

    assert PollMemory.objects.get().resources == memory
    assert not [query for query in queries if "core_pollmemory (" in query["sql"]]


def test_a_server_that_is_well_is_written_once_in_five_seconds() -> None:
    make_receivers()
    recorded(WELL, server=ServerAnswer(ok=True, latency_ms=12))
    first = ServerHealth.objects.get()

    recorded(WELL, server=ServerAnswer(ok=True, latency_ms=99))

    assert (first.status, first.latency_ms, first.failures) == ("connected", 12, 0)
    assert ServerHealth.objects.get().latency_ms == 12


def test_a_server_that_fails_is_degraded_at_once_and_its_error_is_kept() -> None:
    make_receivers()
    recorded(WELL)
    down = replace(WELL, system_api=Failure(reason="refused", detail="Start the server."))

    recorded(down, server=ServerAnswer(ok=False, latency_ms=None, detail="Start the server."))

    health = ServerHealth.objects.get()
    assert (health.status, health.failures, health.error_count, health.detail) == (
        "degraded",
        1,
        1,
        "Start the server.",
    )
    recorded(WELL)
    assert ServerHealth.objects.get().status == "connected"


def test_a_poll_that_did_not_ask_the_server_says_nothing_of_it() -> None:
    make_receivers()
    recorded(WELL, server=None)

    assert ServerHealth.objects.get().checked_at is None


def test_what_the_server_says_of_a_device_is_kept_with_its_receiver() -> None:
    make_receivers()
    start = started()
    moved = replace(start.known.device, address="198.51.100.99")

    assert record(start, judge(start.known, Reading(system_api=moved)), memory={}, server=ANSWERED)

    assert Receiver.objects.get().address == "198.51.100.99"


def test_an_alert_is_kept_once_and_told_in_order_with_its_channel() -> None:
    (receiver,) = make_receivers()
    recorded(WELL)
    Inbox.objects.all().delete()
    low = answered(heard(1, battery_minutes=20), *(heard(number) for number in (2, 3, 4)))

    recorded(low)
    recorded(low)
    recorded(WELL)

    alert = Alert.objects.get()
    assert (alert.state, alert.rule, alert.target) == (
        "resolved",
        "battery_low",
        {"device_id": receiver.code, "channel": 1},
    )
    assert [
        (row.kind, row.device_id, row.state["state"])
        for row in Inbox.objects.filter(device_id=receiver.code).order_by("id")
    ] == [
        ("change", receiver.code, "critical"),
        ("alert", receiver.code, "open"),
        ("change", receiver.code, "ok"),
        ("alert", receiver.code, "resolved"),
    ]
    told = Inbox.objects.filter(kind="alert").first()
    assert told is not None
    assert told.state == {
        "id": alert.pk,
        "rule": "battery_low",
        "severity": "critical",
        "state": "open",
        "since": instant(alert.since),
        "message": "Vox 1: 20 minutes left",
        "target": {"device_id": receiver.code, "channel": 1},
    }


def test_what_is_remembered_of_a_battery_is_kept_beside_its_channel_and_told_to_nobody() -> None:
    make_receivers()
    by_bars = [
        answered(
            *(
                heard(number, battery_minutes=None, battery_percent=None, battery_bars=bars)
                for number in range(1, 5)
            )
        )
        for bars in (5, 4)
    ]
    recorded(by_bars[0])
    drain = ChannelRecord.objects.order_by("channel")[0].drain or {}
    long_settled = {**drain, "settled_at": instant(clock.now())}
    ChannelRecord.objects.update(drain=long_settled)

    recorded(by_bars[1])
    recorded(answered(*(heard(number, frequency_khz=602_125) for number in range(1, 5))))

    kept = ChannelRecord.objects.order_by("channel")[0]
    assert [value for _, value in (kept.drain or {})["falls"]] == [4]
    assert "drain" not in kept.recorded


def test_the_end_of_an_event_at_a_receivers_location_or_its_servers_is_known_to_its_poll() -> None:
    (receiver,) = make_receivers()
    hall, foyer = (
        Location.objects.create(slug=slug, title=slug, event_ends_at=clock.now() + timedelta(hours=hours))
        for slug, hours in (("hall", 3), ("foyer", 2))
    )

    assert started().known.event_ends_at is None
    Server.objects.update(location=foyer)
    assert started().known.event_ends_at == foyer.event_ends_at
    Receiver.objects.filter(pk=receiver.pk).update(location=hall)
    assert started().known.event_ends_at == hall.event_ends_at
