"""Why a receiver is polled as it is."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.postgres.functions import TransactionNow as Now
from django.core.management import call_command
from django.core.management.base import CommandError
from django_celery_beat.models import PeriodicTask
from hypothesis import given
from hypothesis import strategies as st

from core import claims, explain
from core.domain.reading import Failure, Reading
from core.domain.tiers import Facts, tier
from core.models import Channel, Claim, Group, Location, Receiver, Server
from tests.fleet import answered, heard, make_receivers, silent
from tests.polling import record_poll

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


@pytest.fixture
def receiver() -> Receiver:
    (receiver,) = make_receivers(model="ULXD4D")
    record_poll(receiver, answered(heard(1), heard(2)))
    Claim.objects.update(slot_at=Now() - timedelta(seconds=10))
    return receiver


def took(receiver: Receiver) -> str:
    return f"{receiver.polls.latest('claim_seq').duration_ms} ms"


def told(receiver: Receiver) -> list[str]:
    return list(explain.schedule(Receiver.objects.select_related("server", "claim").get(pk=receiver.pk)))


def test_a_receiver_that_is_well(receiver: Receiver) -> None:
    assert told(receiver) == [
        f"{receiver.code} (ULXD4D) of main",
        "Tier: normal, because it answers, and none of its channels is in trouble.",
        "Interval: 30 s, that of the tier normal.",
        "Next poll: in 20 s.",
        "Last poll: 0 s ago; 0 failed in a row.",
        "Source: its server (System API) answered 0 s ago.",
        "Source: the receiver (command strings) answered 0 s ago.",
        (
            f"Poll 0 s ago, tier normal: took {took(receiver)}; its server (System API) ok, "
            "the receiver (command strings) ok."
        ),
    ]


def test_a_receiver_that_fails(receiver: Receiver) -> None:
    for _ in range(3):
        record_poll(receiver, silent())

    lines = told(receiver)

    assert lines[1] == "Tier: offline, because it is lost."
    assert "Last poll: 0 s ago; 3 failed in a row." in lines
    assert "Lost: 0 s ago." in lines
    assert (
        "Source: the receiver (command strings) answered 0 s ago. It fails: The receiver does not answer."
    ) in lines
    assert [line.partition("; ")[2] for line in lines[-4:]] == [
        *["its server (System API) ok, the receiver (command strings) timeout."] * 3,
        "its server (System API) ok, the receiver (command strings) ok.",
    ]


def test_a_poll_that_took_long_and_one_that_asked_a_source_nothing(receiver: Receiver) -> None:
    record_poll(receiver, Reading(command_strings=Failure(reason="timed_out", detail="It does not answer.")))
    receiver.polls.filter(command_strings="timed_out").update(
        duration_ms=8049, started_at=Now() - timedelta(minutes=2)
    )

    assert (
        "Poll 2 min 0 s ago, tier normal: took 8.0 s; its server (System API) not asked, "
        "the receiver (command strings) timed out."
    ) in told(receiver)


@pytest.mark.parametrize(("place", "name"), [(Location, "location"), (Group, "group")])
def test_a_default_tier_is_named_with_its_place(
    receiver: Receiver, place: type[Location] | type[Group], name: str
) -> None:
    made = place.objects.create(slug="main-hall", title="Main hall", tier="critical")
    if isinstance(made, Location):
        Receiver.objects.update(location=made)
    else:
        made.slots.create(channel=receiver.channels.earliest("number"), number=1)

    record_poll(receiver, answered(heard(1), heard(2)))

    sentence = f"critical, because that is the default tier of its {name} main-hall, and it is well."
    assert told(receiver)[1] == f"Tier: {sentence}"


@pytest.mark.parametrize(
    ("model", "change", "line"),
    [
        (Receiver, {"enabled": False}, "none: the receiver is disabled."),
        (Server, {"enabled": False}, "none: the server main is disabled."),
        (
            Claim,
            {"wanted": True},
            "due now; beat claims it within half a second. If it stays so, beat does not run.",
        ),
        (Claim, {"inflight_until": Now() + timedelta(seconds=5)}, "it is being polled at this moment."),
        (Receiver, {"interval_s": 12}, "in 2 s."),
    ],
)
def test_the_next_poll(receiver: Receiver, model: Any, change: dict[str, Any], line: str) -> None:
    model.objects.update(**change)

    assert f"Next poll: {line}" in told(receiver)


def test_a_tier_that_is_disabled(receiver: Receiver) -> None:
    PeriodicTask.objects.filter(name="poll:normal").update(enabled=False)

    assert "Next poll: none: the tier normal is disabled under Periodic tasks." in told(receiver)


def test_a_wish_is_granted_even_in_a_tier_that_is_disabled(receiver: Receiver) -> None:
    PeriodicTask.objects.filter(name="poll:normal").update(enabled=False)
    Claim.objects.update(wanted=True)

    assert any(line.startswith("Next poll: due now") for line in told(receiver))


def test_an_own_interval(receiver: Receiver) -> None:
    Receiver.objects.update(interval_s=2.5)

    assert "Interval: 2.5 s, its own." in told(receiver)


@given(
    flagged=st.booleans(),
    watched=st.booleans(),
    failures=st.integers(0, 5),
    lost_s=st.none() | st.integers(0, 2000),
    troubled_s=st.none() | st.integers(0, 300),
)
def test_every_reason_of_a_tier_has_its_sentence(
    *, flagged: bool, watched: bool, failures: int, lost_s: int | None, troubled_s: int | None
) -> None:
    def ago(seconds: int | None) -> datetime | None:
        return None if seconds is None else AT - timedelta(seconds=seconds)

    _, reason = tier(
        Facts(
            now=AT,
            flagged=flagged,
            watched=watched,
            failures=failures,
            lost_at=ago(lost_s),
            troubled_at=ago(troubled_s),
        )
    )

    assert reason in explain.REASONS


@pytest.mark.parametrize("name", ["code", "channel", "alias"])
def test_the_command_finds_a_receiver_by_any_of_its_names(receiver: Receiver, name: str) -> None:
    Channel.objects.filter(receiver=receiver, number=2).update(alias="Pastor")
    words = {"code": receiver.code.lower(), "channel": f"{receiver.code}-2", "alias": "pastor"}
    out = StringIO()

    call_command("explain_schedule", words[name], stdout=out)

    assert out.getvalue().startswith(f"{receiver.code} (ULXD4D) of main\n")


def test_the_command_says_what_to_do_about_a_receiver_that_it_does_not_know() -> None:
    with pytest.raises(CommandError, match="There is no receiver SHURE999"):
        call_command("explain_schedule", "SHURE999")


def test_explaining_claims_nothing(receiver: Receiver) -> None:
    before = Claim.objects.get().claim_seq

    told(receiver)

    assert Claim.objects.get().claim_seq == before
    assert claims.claim_due(10)[0] == []
