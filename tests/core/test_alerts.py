"""Which alerts are opened, changed and resolved."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from core.domain.alerts import Alert, after, mark, transitions
from core.domain.state import AlertMark, AlertState, Rule, Severity

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
LOW = Alert(rule=Rule.BATTERY_LOW, severity=Severity.WARNING, channel_id=1, since=NOW, message="low")
LOST = Alert(rule=Rule.RECEIVER_OFFLINE, severity=Severity.CRITICAL, since=NOW, message="no answer")
KEPT = replace(LOW, id=7)

alerts = st.builds(
    Alert,
    rule=st.sampled_from(Rule),
    severity=st.sampled_from(Severity),
    channel_id=st.none() | st.integers(1, 3),
    since=st.just(NOW),
    message=st.just("told"),
)
one_of_each = st.lists(alerts, max_size=5, unique_by=lambda alert: alert.about)


def test_what_goes_on_as_it_is_stays_as_it_is() -> None:
    assert transitions([KEPT], [replace(LOW, message="lower")]) == ()


def test_what_holds_anew_is_opened_and_what_no_longer_holds_is_resolved() -> None:
    assert transitions([KEPT], [LOST]) == (LOST, replace(KEPT, state=AlertState.RESOLVED))


def test_an_alert_in_hand_that_gets_worse_is_opened_again() -> None:
    in_hand = replace(KEPT, state=AlertState.ACKNOWLEDGED)
    worse = replace(LOW, severity=Severity.CRITICAL, message="lower")

    assert transitions([in_hand], [worse]) == (
        replace(in_hand, severity=Severity.CRITICAL, message="lower", state=AlertState.OPEN),
    )


def test_an_alert_in_hand_that_gets_no_worse_stays_in_hand() -> None:
    assert transitions([replace(KEPT, state=AlertState.ACKNOWLEDGED)], [LOW]) == ()


def test_a_channel_shows_the_worst_alert_of_its_own_and_its_receivers() -> None:
    assert mark([LOW, LOST], 1) == AlertMark(
        rule=Rule.RECEIVER_OFFLINE, severity=Severity.CRITICAL, state=AlertState.OPEN
    )
    assert mark([LOW], 1) == AlertMark(
        rule=Rule.BATTERY_LOW, severity=Severity.WARNING, state=AlertState.OPEN
    )
    assert mark([LOW], 2) is None


@given(known=one_of_each, holding=one_of_each)
def test_once_the_transitions_are_kept_just_what_holds_is_unresolved(
    known: list[Alert], holding: list[Alert]
) -> None:
    unresolved = [replace(alert, id=number) for number, alert in enumerate(known)]

    kept = after(unresolved, transitions(unresolved, holding))

    assert {alert.about for alert in kept} == {alert.about for alert in holding}
    assert transitions(kept, holding) == ()
