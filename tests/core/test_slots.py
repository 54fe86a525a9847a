"""Who ends up in which slot of a group, and the page on which slots are renumbered."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from core.domain import slots
from core.models import Channel, Group, Slot
from tests.fleet import channels_of, make_receivers

NUMBERS = st.dictionaries(st.text("abc", min_size=1), st.integers(1, 12))


@pytest.mark.parametrize(
    ("wishes", "last", "numbers"),
    [
        ({"a": 2}, 0, {"a": 2}),
        ({"a": None, "b": None}, 0, {"a": 1, "b": 2}),
        ({"a": None, "b": 7, "c": None}, 4, {"a": 8, "b": 7, "c": 9}),
        ({}, 4, {}),
    ],
)
def test_who_asks_for_no_number_comes_behind_the_last(
    wishes: dict[str, int | None], last: int, numbers: dict[str, int]
) -> None:
    assert slots.numbered(wishes, last=last) == numbers


@pytest.mark.parametrize(
    ("placed", "standing", "refused"),
    [
        ({"a": 1, "b": 2}, {"c": 3}, {}),
        ({"a": 3}, {"c": 3}, {"a": "c"}),
        ({"a": 1, "b": 1}, {}, {"b": "a"}),
    ],
)
def test_a_slot_that_is_taken_is_told_with_who_has_it(
    placed: dict[str, int], standing: dict[str, int], refused: dict[str, str]
) -> None:
    assert slots.clashes(placed, standing) == refused


@pytest.mark.parametrize(
    ("placed", "standing", "numbers"),
    [
        ({"x": 2}, {"a": 1, "b": 2, "c": 3, "d": 5}, {"a": 1, "b": 3, "c": 4, "d": 5}),
        ({"x": 2}, {"a": 1, "b": 3}, {"a": 1, "b": 3}),
        ({"x": 2, "y": 3}, {"a": 2, "b": 3}, {"a": 4, "b": 5}),
        ({}, {"a": 4}, {"a": 4}),
    ],
)
def test_what_stands_in_the_way_moves_on_no_further_than_it_must(
    placed: dict[str, int], standing: dict[str, int], numbers: dict[str, int]
) -> None:
    assert slots.given_way(placed, standing) == numbers


@given(NUMBERS, NUMBERS)
def test_whoever_gave_way_is_in_nobody_s_place_and_keeps_the_order(
    placed: dict[str, int], standing: dict[str, int]
) -> None:
    standing = {who: number for number, who in {number: who for who, number in standing.items()}.items()}

    numbers = slots.given_way(placed, standing)

    assert set(numbers) == set(standing)
    assert not set(numbers.values()) & set(placed.values())
    assert sorted(standing, key=lambda who: standing[who]) == sorted(numbers, key=lambda who: numbers[who])
    assert len(set(numbers.values())) == len(numbers)


@pytest.fixture
def band(db: None) -> Group:
    """A group with the channels of one receiver in its slots 1 to 4."""
    del db
    band = Group.objects.create(slug="band", title="Band")
    for number, channel in enumerate(channels_of(make_receivers()[0]), start=1):
        Slot.objects.create(group=band, channel=channel, number=number)
    return band


def sent(band: Group, *rows: dict[str, Any], **of_group: str) -> dict[str, str]:
    """Return the group's form as a browser sends it; rows with an id first."""
    form = {"slug": band.slug, "title": band.title, **of_group}
    form["slots-TOTAL_FORMS"] = str(len(rows))
    form["slots-INITIAL_FORMS"] = str(sum("id" in row for row in rows))
    for row, values in enumerate(rows):
        form |= {f"slots-{row}-{name}": str(value) for name, value in {"group": band.pk, **values}.items()}
    return form


def shown(band: Group, **numbers: int | str) -> list[dict[str, Any]]:
    """Return the rows as the page shows them, some with another number: `s2=3` is what stood in slot 2."""
    return [
        {"id": slot.pk, "channel": slot.channel_id, "number": numbers.get(f"s{slot.number}", slot.number)}
        for slot in band.slots.order_by("number")
    ]


def order(band: Group) -> list[tuple[int, str]]:
    return list(band.slots.order_by("number").values_list("number", "channel__device_id"))


def save(client: Client, band: Group, form: dict[str, str]) -> str:
    """Send the form, and return the page where it was refused."""
    answer = client.post(f"/admin/core/group/{band.pk}/change/", form)
    connection.check_constraints()
    return "" if answer.status_code == 302 else answer.content.decode()


@pytest.mark.parametrize(
    ("numbers", "after"),
    [
        ({"s1": 2, "s2": 1}, [(1, 2), (2, 1), (3, 3), (4, 4)]),
        ({"s1": 2, "s2": 3, "s3": 1}, [(1, 3), (2, 1), (3, 2), (4, 4)]),
        ({"s1": ""}, [(2, 2), (3, 3), (4, 4), (5, 1)]),
    ],
    ids=["swap", "rotate", "to the end"],
)
def test_slots_are_renumbered_all_at_once(
    root: Client, band: Group, numbers: dict[str, int | str], after: list[tuple[int, int]]
) -> None:
    before = dict(order(band))

    refused = save(root, band, sent(band, *shown(band, **numbers)))

    assert refused == ""
    assert order(band) == [(number, before[was]) for number, was in after]


def test_room_is_made_where_it_is_asked_for_and_the_log_tells_of_all_that_moved(
    root: Client, band: Group
) -> None:
    before = dict(order(band))

    save(root, band, sent(band, *shown(band, s4=2), make_room="on"))

    assert order(band) == [(1, before[1]), (2, before[4]), (3, before[2]), (4, before[3])]
    assert LogEntry.objects.get().change_message.count('"object"') == 3


def test_a_slot_that_is_taken_is_refused_with_what_to_do(root: Client, band: Group) -> None:
    before = order(band)

    page = save(root, band, sent(band, *shown(band, s4=2)))

    assert f"Slot 2 holds {before[1][1]}. Give that another number as well" in page
    assert order(band) == before


def test_a_channel_is_replaced_in_its_slot(root: Client, band: Group) -> None:
    spare = channels_of(make_receivers()[0])[0]
    rows = shown(band)
    rows[2] |= {"DELETE": "on"}

    refused = save(root, band, sent(band, *rows, {"channel": spare.pk, "number": 3}, {"number": ""}))

    assert refused == ""
    assert order(band)[2] == (3, spare.device_id)


def test_what_somebody_else_put_there_meanwhile_is_not_run_over(root: Client, band: Group) -> None:
    form = sent(band, *shown(band, s1=5))
    spare = channels_of(make_receivers()[0])[0]
    Slot.objects.create(group=band, channel=spare, number=5)

    assert f"Slot 5 holds {spare}." in save(root, band, form)
    assert save(root, band, {**form, "make_room": "on"}) == ""
    assert order(band)[-1] == (6, spare.device_id)


def test_a_channel_has_one_slot_of_a_group(root: Client, band: Group) -> None:
    first = band.slots.earliest("number").channel

    page = save(root, band, sent(band, *shown(band), {"channel": first.pk, "number": ""}))

    assert f"{first} has a slot of this group already." in page


def test_a_long_group_asks_no_more_of_the_database_than_a_short_one(root: Client, band: Group) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as counted:
            root.get(f"/admin/core/group/{band.pk}/change/")
        return len(counted)

    statements()  # the first asks for content types, once a process
    with_four = statements()
    band.slots.filter(number__gt=1).delete()

    assert statements() == with_four


def test_a_hostile_name_is_text_on_the_page(root: Client, band: Group) -> None:
    Channel.objects.update(alias="<script>alert(1)</script>")

    page = root.get(f"/admin/core/group/{band.pk}/change/").content.decode()

    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
