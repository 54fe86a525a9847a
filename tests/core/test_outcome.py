"""One poll judged: what a reading changes of what is known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain import alerts
from core.domain.outcome import Known, KnownChannel, Outcome, SourceStanding, judge
from core.domain.reading import (
    ChannelReading,
    DeviceReading,
    DeviceState,
    Failure,
    Kind,
    Reading,
    ReceiverReading,
    Source,
    Unchanged,
)
from core.domain.state import AlertState, ChannelState, Forecast, State
from core.domain.states import unread
from core.domain.tiers import DEFAULT_INTERVALS_S, Tier
from tests.fleet import answered, heard, silent

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
DEVICE = DeviceReading(
    source_id="dd4c009a-0000-11dd-a000-000eddcccccc",
    state=DeviceState.ONLINE,
    model="ULXD4D",
    address="198.51.100.7",
)
BOTH = frozenset(Source)


def channel(number: int, recorded: ChannelState) -> KnownChannel:
    return KnownChannel(
        id=number,
        device_id=f"SHURE001-{number}",
        number=number,
        kind=Kind.MICROPHONE,
        alias="",
        recorded=recorded,
    )


NEW = Known(
    now=NOW,
    code="SHURE001",
    device=DEVICE,
    name="Rack A",
    needs=BOTH,
    flagged=False,
    watched=False,
    own_interval=None,
    intervals={tier: timedelta(seconds=seconds) for tier, seconds in DEFAULT_INTERVALS_S.items()},
    tier=Tier.NORMAL,
    sources={source: SourceStanding() for source in Source},
    lost_at=None,
    troubled_at=None,
    seen_at=None,
    stale_at=None,
    channels=tuple(channel(number, unread(f"SHURE001-{number}", NOW)) for number in (1, 2)),
)


def later(known: Known, outcome: Outcome, *, seconds: float = 30) -> Known:
    """Return what is known at the next poll, after this outcome was recorded."""
    states = {changed.id: changed.state for changed in outcome.channels}
    drains = {changed.id: changed.drain for changed in outcome.channels if changed.drain}
    return replace(
        known,
        now=known.now + timedelta(seconds=seconds),
        tier=outcome.tier,
        sources=outcome.sources,
        lost_at=outcome.lost_at,
        troubled_at=outcome.troubled_at,
        seen_at=outcome.seen_at,
        stale_at=outcome.stale_at,
        channels=tuple(
            replace(one, recorded=states.get(one.id, one.recorded), drain=drains.get(one.id, one.drain))
            for one in known.channels
        ),
        alerts=tuple(
            replace(alert, id=alert.id or number)
            for number, alert in enumerate(alerts.after(known.alerts, outcome.alerts), start=1)
        ),
    )


def polled(known: Known, *readings: Reading, seconds: float = 30) -> tuple[Known, Outcome]:
    """Return what is known after these polls, and the outcome of the last."""
    for reading in readings:
        outcome = judge(known, reading)
        known = later(known, outcome, seconds=seconds)
    return known, outcome


BOTH_WELL = answered(heard(1), heard(2))
WELL, _ = polled(NEW, BOTH_WELL)


def test_a_first_reading_fills_every_channel() -> None:
    outcome = judge(NEW, BOTH_WELL)

    assert [(changed.id, changed.state.name, changed.state.state) for changed in outcome.channels] == [
        (1, "Vox 1", State.OK),
        (2, "Vox 2", State.OK),
    ]
    assert (outcome.tier, outcome.seen_at, outcome.stale) == (Tier.NORMAL, NOW, False)
    assert outcome.stale_at == NOW + timedelta(seconds=90)


def test_a_poll_that_brings_the_same_records_nothing() -> None:
    outcome = judge(WELL, BOTH_WELL)

    assert (outcome.channels, dict(outcome.device)) == ((), {})
    assert outcome.seen_at == WELL.now


def test_the_first_failure_is_told_and_retried_soon() -> None:
    outcome = judge(WELL, silent())

    assert (outcome.tier, outcome.tier_reason, outcome.failures) == (Tier.CRITICAL, "retrying", 1)
    assert {changed.state.reasons for changed in outcome.channels} == {
        ("no_answer", "command_strings_timeout")
    }
    assert {changed.state.state for changed in outcome.channels} == {State.OK}
    assert outcome.seen_at == WELL.seen_at


def test_the_third_failure_in_a_row_makes_a_receiver_lost() -> None:
    known, outcome = polled(WELL, silent(), silent(), silent(), seconds=10)

    assert (outcome.failures, outcome.lost_at, outcome.tier) == (
        3,
        WELL.now + timedelta(seconds=20),
        Tier.OFFLINE,
    )
    assert {one.recorded.state for one in known.channels} == {State.OFFLINE}


def test_an_answer_between_failures_begins_the_count_anew() -> None:
    _, outcome = polled(WELL, silent(), silent(), BOTH_WELL, silent(), seconds=10)

    assert (outcome.failures, outcome.lost_at) == (1, None)


def test_a_lost_receiver_that_answers_is_back_at_once() -> None:
    lost, _ = polled(WELL, *[silent()] * 3, seconds=10)

    back, outcome = polled(lost, BOTH_WELL)

    assert (outcome.lost_at, outcome.failures, outcome.tier) == (None, 0, Tier.NORMAL)
    assert {(one.recorded.state, one.recorded.reasons) for one in back.channels} == {(State.OK, ())}


OFFLINE_SAYS_THE_SERVER = replace(DEVICE, state=DeviceState.OFFLINE)


def test_a_receiver_that_its_server_calls_offline_and_that_is_silent_is_lost_at_once() -> None:
    reading = replace(silent(), system_api=OFFLINE_SAYS_THE_SERVER)

    known, outcome = polled(WELL, reading)

    assert outcome.lost_at == WELL.now
    assert {one.recorded.state for one in known.channels} == {State.OFFLINE}


def test_a_receiver_that_answers_is_not_offline_because_its_server_says_so() -> None:
    reading = replace(BOTH_WELL, system_api=OFFLINE_SAYS_THE_SERVER)

    known, outcome = polled(WELL, reading)

    assert outcome.lost_at is None
    assert {(one.recorded.state, one.recorded.reasons) for one in known.channels} == {
        (State.OK, ("server_says_offline",))
    }


SERVER_DOWN = replace(BOTH_WELL, system_api=Failure(reason="refused", detail="Start the server."))


def test_a_server_that_is_down_makes_no_receiver_lost_and_nothing_stale_that_the_receiver_tells() -> None:
    known, first = polled(WELL, SERVER_DOWN)
    _, outcome = polled(known, *[SERVER_DOWN] * 3)

    assert (first.failures, first.tier, first.stale) == (0, Tier.NORMAL, False)
    assert {changed.state.reasons for changed in first.channels} == {("system_api_refused",)}
    assert (outcome.lost_at, outcome.sources[Source.SYSTEM_API].failures, outcome.stale) == (None, 4, False)
    assert first.seen_at is not None
    assert outcome.seen_at is not None
    assert outcome.seen_at > first.seen_at


def test_while_its_server_is_down_a_receiver_still_tells_its_values() -> None:
    drained = replace(
        SERVER_DOWN, command_strings=ReceiverReading(channels=(heard(1, battery_minutes=20), heard(2)))
    )

    known, _ = polled(WELL, drained)

    assert [one.recorded.state for one in known.channels] == [State.CRITICAL, State.OK]


def test_a_pause_that_the_server_asks_for_is_no_failure() -> None:
    paused = replace(BOTH_WELL, system_api=Failure(reason="throttled", detail="Wait.", counts=False))

    assert judge(WELL, paused).sources[Source.SYSTEM_API].failures == 0


def test_without_command_strings_the_servers_silence_is_the_receivers() -> None:
    only_server = replace(WELL, needs=frozenset({Source.SYSTEM_API}))
    down = Reading(system_api=Failure(reason="timeout", detail="No answer."))

    _, outcome = polled(only_server, down, down, down)

    assert (outcome.failures, outcome.lost_at is not None) == (3, True)


def test_trouble_is_polled_at_the_critical_interval_and_for_two_minutes_after() -> None:
    low = answered(heard(1, battery_minutes=45), heard(2))

    known, troubled = polled(WELL, low)
    known, soon_after = polled(known, BOTH_WELL, seconds=150)
    _, long_after = polled(known, BOTH_WELL)

    assert [troubled.tier_reason, soon_after.tier_reason, long_after.tier_reason] == [
        "in trouble",
        "in trouble a moment ago",
        "well",
    ]
    assert [troubled.tier, soon_after.tier, long_after.tier] == [Tier.CRITICAL, Tier.CRITICAL, Tier.NORMAL]


def test_the_tier_is_recorded_with_each_channel() -> None:
    outcome = judge(WELL, answered(heard(1, battery_minutes=45), heard(2)))

    assert [changed.state.tier for changed in outcome.channels] == [Tier.CRITICAL, Tier.CRITICAL]


def test_a_receivers_own_interval_outweighs_its_tiers() -> None:
    hourly = replace(WELL, own_interval=timedelta(hours=1))

    outcome = judge(hourly, BOTH_WELL)

    assert (outcome.interval, outcome.stale_at) == (timedelta(hours=1), WELL.now + timedelta(hours=3))


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        (replace(DEVICE, address="198.51.100.9"), {"address": "198.51.100.9"}),
        (replace(DEVICE, firmware="2.8.0"), {"firmware": "2.8.0"}),
        (
            replace(DEVICE, state=DeviceState.DISCOVERED, model=None, address=None),
            {"state": DeviceState.DISCOVERED},
        ),
        (DEVICE, {}),
    ],
)
def test_what_the_server_says_anew_of_a_device_is_kept_and_its_silence_is_no_news(
    said: DeviceReading, changed: dict[str, object]
) -> None:
    assert dict(judge(WELL, replace(BOTH_WELL, system_api=said)).device) == changed


def test_a_renamed_receiver_names_its_nameless_channels() -> None:
    nameless = answered(heard(1, name=None), heard(2))

    known, outcome = polled(WELL, replace(nameless, name="Rack B"))

    assert dict(outcome.device) == {"name": "Rack B"}
    assert [one.recorded.name for one in known.channels] == ["Rack B 1", "Vox 2"]


def test_an_alias_outweighs_what_the_receiver_says() -> None:
    first, second = NEW.channels
    aliased = replace(NEW, channels=(replace(first, alias="Pastor"), second))

    known, _ = polled(aliased, BOTH_WELL)

    assert [(one.recorded.name, one.recorded.reported_name) for one in known.channels] == [
        ("Pastor", "Vox 1"),
        ("Vox 2", "Vox 2"),
    ]


def test_a_channel_that_the_answer_lacks_keeps_its_values() -> None:
    known, outcome = polled(WELL, answered(heard(1, rf_dbm=-60)))

    assert [changed.id for changed in outcome.channels] == [1]
    assert known.channels[1] == WELL.channels[1]


def test_unchanged_and_a_whole_answer_count_alike_as_answers() -> None:
    whole = replace(BOTH_WELL, system_api=DEVICE)
    unchanged = replace(BOTH_WELL, system_api=Unchanged())

    assert judge(WELL, whole) == judge(WELL, unchanged)


def test_a_battery_that_becomes_critical_opens_one_alert_that_its_channel_shows() -> None:
    drained = answered(heard(1, battery_minutes=22), heard(2))

    known, opened = polled(WELL, drained)
    _, again = polled(known, answered(heard(1, battery_minutes=21), heard(2)))

    (alert,) = opened.alerts
    assert (alert.rule, alert.state, alert.channel_id, alert.since) == (
        "battery_low",
        "open",
        1,
        WELL.now,
    )
    assert alert.message == "Vox 1: 22 minutes left"
    assert [one.recorded.alert and one.recorded.alert.rule for one in known.channels] == [
        "battery_low",
        None,
    ]
    assert again.alerts == ()


@pytest.mark.parametrize(
    "better",
    [{"battery_minutes": 200}, {"transmitter_on": False, "battery_minutes": None}],
    ids=["a fresh pack", "switched off"],
)
def test_a_battery_that_is_no_longer_critical_resolves_its_alert(better: dict[str, Any]) -> None:
    known, _ = polled(WELL, answered(heard(1, battery_minutes=22), heard(2)))

    known, outcome = polled(known, answered(heard(1, **better), heard(2)))

    assert [(alert.id, alert.state) for alert in outcome.alerts] == [(1, "resolved")]
    assert {one.recorded.alert for one in known.channels} == {None}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"battery_minutes": None, "battery_percent": 9}, "Vox 1: battery at 9 %"),
        (
            {"battery_minutes": None, "battery_percent": None, "battery_bars": 1},
            "Vox 1: battery at 1 of 5 bars",
        ),
    ],
)
def test_an_alert_says_what_the_battery_says(values: dict[str, Any], message: str) -> None:
    _, outcome = polled(WELL, answered(heard(1, **values), heard(2)))

    assert [alert.message for alert in outcome.alerts] == [message]


def test_a_lost_receiver_is_one_alert_for_all_its_channels_and_keeps_theirs() -> None:
    drained, _ = polled(WELL, answered(heard(1, battery_minutes=22), heard(2)))

    lost, outcome = polled(drained, silent(), silent(), silent(), seconds=10)

    (alert,) = outcome.alerts
    assert (alert.rule, alert.channel_id) == ("receiver_offline", None)
    assert alert.message == "No answer from Rack A: Vox 1, Vox 2"
    assert sorted(alert.rule for alert in lost.alerts) == ["battery_low", "receiver_offline"]
    assert [one.recorded.alert and one.recorded.alert.rule for one in lost.channels] == [
        "receiver_offline"
    ] * 2

    _, back = polled(lost, answered(heard(1, battery_minutes=300), heard(2)))
    assert {(alert.rule, alert.state) for alert in back.alerts} == {
        ("receiver_offline", "resolved"),
        ("battery_low", "resolved"),
    }


def opened(known: Known, *readings: ChannelReading, seconds: float = 10) -> list[tuple[int, str, str, str]]:
    """Return each transition of alerts in these polls of channel 1: in which poll, and what it was."""
    told = []
    for number, reading in enumerate(readings, start=1):
        known, outcome = polled(known, answered(reading, heard(2)), seconds=seconds)
        told += [
            (number, alert.rule.value, alert.severity.value, alert.state.value) for alert in outcome.alerts
        ]
    return told


WEAK = heard(1, rf_dbm=-90)
GONE = heard(1, rf_dbm=-104)


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (WEAK, "rf_poor"),
        (heard(1, interference=True), "interference"),
        (heard(1, encryption_ok=False), "encryption"),
        (heard(1, audio_dbfs=-2), "clipping"),
    ],
)
def test_what_may_be_over_in_a_moment_is_an_alert_after_two_polls_and_over_after_two(
    bad: ChannelReading, rule: str
) -> None:
    well = heard(1)

    assert opened(WELL, bad, well, bad, well, well) == []
    assert opened(WELL, bad, bad, well, bad, well, well) == [
        (2, rule, "warning", "open"),
        (6, rule, "warning", "resolved"),
    ]


def test_a_battery_is_an_alert_at_once_and_the_same_one_when_it_becomes_critical() -> None:
    told = opened(WELL, *(heard(1, battery_minutes=minutes) for minutes in (50, 40, 29, 20)))

    assert told == [(1, "battery_low", "warning", "open"), (3, "battery_low", "critical", "open")]


def test_a_weak_signal_that_is_lost_for_two_polls_is_the_same_alert_made_critical() -> None:
    assert opened(WELL, WEAK, WEAK, GONE, GONE, WEAK) == [
        (2, "rf_poor", "warning", "open"),
        (4, "rf_poor", "critical", "open"),
    ]


def test_an_alert_in_hand_that_gets_worse_is_nobodys_again_and_one_that_does_not_stays_in_hand() -> None:
    known, _ = polled(WELL, answered(heard(1, battery_minutes=50), heard(2)))
    in_hand = replace(
        known, alerts=tuple(replace(alert, state=AlertState.ACKNOWLEDGED) for alert in known.alerts)
    )

    assert opened(in_hand, heard(1, battery_minutes=45)) == []
    assert opened(in_hand, heard(1, battery_minutes=25)) == [(1, "battery_low", "critical", "open")]


@given(offsets=st.lists(st.sampled_from([-1, 0, 1]), min_size=12, max_size=12))
@pytest.mark.parametrize(
    ("field", "limit"),
    [
        ("rf_dbm", -83),
        ("rf_dbm", -100),
        ("battery_minutes", 60),
        ("battery_minutes", 30),
        ("battery_percent", 40),
    ],
)
def test_a_value_that_wavers_about_its_limit_for_two_minutes_is_one_alert_at_most(
    field: str, limit: int, offsets: list[int]
) -> None:
    values: dict[str, Any] = {"battery_minutes": None} if field == "battery_percent" else {}

    told = opened(WELL, *(heard(1, **{**values, field: limit + offset}) for offset in offsets))

    assert len({rule for _, rule, _, _ in told}) <= 1
    assert [severity for _, _, severity, _ in told] in (
        [],
        ["warning"],
        ["critical"],
        ["warning", "critical"],
    )
    assert {state for *_, state in told} <= {"open"}


def test_clipping_that_is_over_and_only_held_for_the_eye_is_no_alert() -> None:
    clipped, well = heard(1, audio_dbfs=-2), heard(1)

    assert opened(WELL, clipped, well, well, seconds=5) == []


def test_silence_neither_opens_nor_clears_an_alert_of_a_channel() -> None:
    known, _ = polled(WELL, answered(WEAK, heard(2)))
    known, quiet = polled(known, silent(), silent(), seconds=10)
    assert quiet.alerts == ()

    known, _ = polled(known, answered(WEAK, heard(2)), seconds=10)
    assert [alert.rule for alert in known.alerts] == ["rf_poor"]
    known, _ = polled(known, silent(), silent(), silent(), seconds=10)

    assert [alert.rule for alert in known.alerts] == ["rf_poor", "receiver_offline"]


def test_a_battery_that_will_not_last_to_the_event_s_end_is_a_warning_and_an_alert() -> None:
    evening = replace(WELL, event_ends_at=WELL.now + timedelta(minutes=150))

    known, outcome = polled(evening, answered(heard(1, battery_minutes=125), heard(2)))

    first, second = (one.recorded for one in known.channels)
    assert (first.state, first.reasons) == (State.WARNING, ("battery_short",))
    assert first.forecast == Forecast(minutes=125, estimated=False, lasts=False, short_minutes=25)
    assert second.forecast == Forecast(minutes=312, estimated=False, lasts=True)
    assert [(alert.rule, alert.severity, alert.message) for alert in outcome.alerts] == [
        (
            "battery_short",
            "warning",
            "Vox 1: the battery will not last to the end: about 25 minutes short",
        )
    ]


def test_bars_that_fell_twice_are_forecast_and_a_poll_in_which_they_stay_records_nothing() -> None:
    def shown(bars: int) -> Reading:
        return answered(heard(1, battery_minutes=None, battery_percent=None, battery_bars=bars), heard(2))

    known, _ = polled(NEW, shown(5), shown(5), seconds=3600)
    known, _ = polled(known, shown(4), shown(3), seconds=3600)
    told = replace(known, now=known.now - timedelta(minutes=58))

    assert known.channels[0].recorded.forecast == Forecast(minutes=180, estimated=True)
    assert judge(told, shown(3)).channels == ()
    assert [change.field for change in judge(known, shown(3)).channels[0].changes] == ["forecast"]


@pytest.mark.parametrize("values", [{"transmitter_on": False}, {"charging": True}])
def test_a_battery_that_nobody_uses_has_no_forecast(values: dict[str, Any]) -> None:
    known, _ = polled(WELL, answered(heard(1, **values), heard(2)))

    assert [one.recorded.forecast and one.recorded.forecast.minutes for one in known.channels] == [None, 312]
