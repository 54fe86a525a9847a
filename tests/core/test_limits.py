"""Limits: what is said closest to a channel is in force, at the next poll."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from core import claims
from core.claims import Started
from core.domain import limits as levels
from core.domain.limits import Scope, flat, in_force, said
from core.domain.outcome import judge
from core.domain.states import Levels, Thresholds
from core.models import ChannelRecord, Claim, Group, Limits, Location, Slot
from core.models.limits import NAMES
from core.recording import record
from core.verdicts import thresholds
from tests.fleet import answered, channels_of, heard, make_receivers

DEFAULTS = Thresholds()
values = st.dictionaries(st.sampled_from(NAMES), st.integers(-120, 1440))
several = st.lists(
    st.builds(
        levels.Limits,
        scope=st.sampled_from(Scope),
        values=values,
        channels=st.none() | st.frozensets(st.integers(1, 2)),
    ),
    max_size=6,
)


def test_every_threshold_is_a_limit_that_can_be_edited() -> None:
    assert set(NAMES) == set(flat(DEFAULTS))


@given(told=values)
def test_what_is_said_is_in_force_and_all_else_is_as_it_was(told: dict[str, int]) -> None:
    assert flat(said(DEFAULTS, told)) == {**flat(DEFAULTS), **told}


@given(told=several)
def test_each_limit_is_the_one_that_is_said_closest(told: list[levels.Limits]) -> None:
    mine = [one for one in told if one.is_about(1)]

    found = flat(in_force(DEFAULTS, told, 1))

    for name, value in found.items():
        by_scope = {
            scope: [one.values[name] for one in mine if one.scope is scope and name in one.values]
            for scope in Scope
        }
        closest = next(
            (by_scope[scope] for scope in reversed(Scope) if by_scope[scope]), [flat(DEFAULTS)[name]]
        )
        stricter = min if name in levels.CEILINGS else max
        assert value == stricter(closest)


def test_a_channel_for_which_nothing_is_said_has_the_very_defaults() -> None:
    elsewhere = levels.Limits(scope=Scope.GROUP, values={"rf_lost_dbm": -90}, channels=frozenset({2}))

    assert in_force(DEFAULTS, [elsewhere], 1) is DEFAULTS


def started() -> Started:
    Claim.objects.update(wanted=True, inflight_until=None)
    ((due,), _) = claims.claim_due(10)
    start = claims.start(receiver_id=due.receiver_id, claim_seq=due.claim_seq)
    assert start is not None
    return start


@pytest.mark.django_db
def test_a_poll_knows_the_limits_of_each_of_its_channels_in_its_first_statement() -> None:
    (receiver,) = make_receivers()
    here = Location.objects.create(slug="here", title="Here")
    band, elsewhere = (Group.objects.create(slug=slug, title=slug) for slug in ("band", "elsewhere"))
    receiver.location = here
    receiver.save()
    Slot.objects.create(group=band, channel=channels_of(receiver)[1], number=1)
    Limits.objects.create(battery_minutes_low=70, rf_fair_dbm=-80, clipping_dbfs=-3)
    Limits.objects.create(location=here, battery_minutes_low=80, rf_fair_dbm=-79)
    Limits.objects.create(group=band, rf_fair_dbm=-78)
    Limits.objects.create(group=elsewhere, rf_fair_dbm=-60)
    Limits.objects.create(receiver=receiver, battery_bars_low=4)
    Claim.objects.update(wanted=True)
    ((due,), _) = claims.claim_due(10)

    with CaptureQueriesContext(connection) as queries:
        start = claims.start(receiver_id=due.receiver_id, claim_seq=due.claim_seq)

    assert start is not None
    assert len(queries) == 1
    first = replace(
        DEFAULTS,
        battery_minutes=Levels(critical=30, low=80, fair=120, margin=10),
        battery_bars=Levels(critical=2, low=4, fair=4, margin=0),
        rf_fair_dbm=-79,
        clipping_dbfs=-3,
    )
    assert [channel.thresholds for channel in start.known.channels] == [
        first,
        replace(first, rf_fair_dbm=-78),
        first,
        first,
    ]


@pytest.mark.django_db
def test_an_edited_limit_is_in_force_at_the_next_poll_beside_the_environments(settings: Any) -> None:
    settings.THRESHOLDS = thresholds('{"battery_minutes": {"critical": 20}}')
    make_receivers()
    reading = answered(heard(1, battery_minutes=25), *(heard(number) for number in (2, 3, 4)))

    def state() -> str:
        start = started()
        assert record(start, judge(start.known, reading), memory={}, server=None)
        recorded: str = ChannelRecord.objects.order_by("channel").first().recorded["state"]  # type: ignore[union-attr]
        return recorded

    assert state() == "warning"
    house = Limits.objects.create(battery_minutes_critical=28)
    assert state() == "critical"
    house.battery_minutes_critical, house.battery_minutes_low = 5, 10
    house.save()
    assert state() == "ok"


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["location", None])
def test_a_place_has_its_limits_once(place: str | None) -> None:
    there = {place: Location.objects.create(slug="here", title="Here")} if place else {}
    Limits.objects.create(**there)

    with pytest.raises(IntegrityError, match="limits_once_a_place"):
        Limits.objects.create(**there)


@pytest.mark.django_db
def test_the_page_shows_in_each_empty_field_what_is_in_force(root: Client) -> None:
    Limits.objects.create(battery_minutes_low=75)

    page = root.get("/admin/core/limits/add/").content.decode()

    assert 'name="battery_minutes_low"' in page
    assert 'placeholder="75"' in page
    assert 'placeholder="-83"' in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (
            {"battery_minutes_critical": 90},
            "A battery&#x27;s minutes would be critical below 90, low below 60 and fair below 120",
        ),
        ({"rf_lost_dbm": -50}, "A signal would be lost at -50 dBm, weak below -83"),
        ({"battery_percent_low": 101}, "Choose 0 to 100 %."),
        ({"location": True, "group": True}, "Choose one place"),
    ],
)
def test_limits_that_do_not_fit_together_are_refused_in_a_sentence(
    root: Client, told: dict[str, Any], sentence: str
) -> None:
    places = {
        "location": Location.objects.create(slug="here", title="Here").pk,
        "group": Group.objects.create(slug="band", title="Band").pk,
    }
    form = {name: places[name] if value is True else value for name, value in told.items()}

    answer = root.post("/admin/core/limits/add/", form)

    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Limits.objects.exists()


@pytest.mark.django_db
def test_the_list_says_what_is_set_where(root: Client) -> None:
    here = Location.objects.create(slug="here", title="Main hall")
    Limits.objects.create(location=here, battery_minutes_low=75, rf_fair_dbm=-80)

    page = root.get("/admin/core/limits/").content.decode()

    assert "location Main hall" in page
    assert "battery low below 75 minutes, signal weak below -80 dBm" in page
