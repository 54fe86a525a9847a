"""What may be done in the admin, and by whom."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.postgres.functions import TransactionNow
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import (
    Channel,
    Claim,
    Destination,
    Group,
    Limits,
    Location,
    Mute,
    Notice,
    Receiver,
    Server,
)
from tests.conftest import SignInAsStaff
from tests.fleet import make_receivers, make_server

pytestmark = pytest.mark.django_db

PAGES = (
    "location",
    "group",
    "limits",
    "mute",
    "server",
    "receiver",
    "channel",
    "claim",
    "schedule",
    "alert",
    "destination",
    "notice",
    "token",
    "changerecord",
    "window",
)


def do(client: Client, page: str, action: str, pk: int) -> None:
    client.post(f"/admin/core/{page}/", {"action": action, "_selected_action": [pk]})


@pytest.mark.parametrize("page", PAGES)
def test_every_list_opens_and_is_searched(root: Client, page: str) -> None:
    make_receivers(2)

    assert root.get(f"/admin/core/{page}/").status_code == 200
    assert root.get(f"/admin/core/{page}/?q=SHURE").status_code == 200


@pytest.mark.parametrize("page", ["server", "receiver", "channel", "claim"])
def test_a_list_costs_the_same_statements_with_one_row_and_with_three(root: Client, page: str) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as counted:
            root.get(f"/admin/core/{page}/")
        return len(counted)

    make_receivers(1, server=make_server("one"), model="ULXD4")
    with_one = statements()
    make_receivers(1, server=make_server("two"), model="ULXD4")
    make_receivers(1, server=make_server("three"), model="ULXD4")

    assert statements() == with_one


@pytest.mark.parametrize(
    ("permissions", "wanted"), [(["view_receiver"], False), (["view_receiver", "change_receiver"], True)]
)
def test_who_may_change_a_receiver_may_have_it_polled_now(
    staff: SignInAsStaff,
    permissions: list[str],
    wanted: bool,  # noqa: FBT001
) -> None:
    (receiver,) = make_receivers()
    Claim.objects.update(wanted=False)

    do(staff(*permissions), "receiver", "poll_now", receiver.pk)

    assert Claim.objects.get().wanted is wanted
    assert [entry.change_message for entry in LogEntry.objects.all()] == ["Polled at once."] * wanted


@pytest.mark.parametrize("place", ["location", "group"])
def test_a_place_gets_a_default_tier_and_loses_it(root: Client, place: str) -> None:
    inline = {"slots-TOTAL_FORMS": "0", "slots-INITIAL_FORMS": "0"}
    sent = {"slug": "main-hall", "title": "Main hall", "zone": "UTC", **inline}
    model = Location if place == "location" else Group

    root.post(f"/admin/core/{place}/add/", {**sent, "tier": "critical"})
    made = model.objects.get()
    root.post(f"/admin/core/{place}/{made.pk}/change/", {**sent, "tier": ""})

    assert made.tier == "critical"
    assert model.objects.get().tier is None
    assert "offline" not in root.get(f"/admin/core/{place}/add/").content.decode()


@pytest.mark.parametrize("what", ["server", "receiver"])
def test_a_server_or_receiver_is_deleted_with_its_parts(root: Client, what: str) -> None:
    (receiver,) = make_receivers()
    pk = receiver.server_id if what == "server" else receiver.pk

    answer = root.post(f"/admin/core/{what}/{pk}/delete/", {"post": "yes"})

    assert answer.status_code == 302
    assert not Receiver.objects.exists()
    assert not Channel.objects.exists()
    assert not Claim.objects.exists()
    assert Server.objects.exists() is (what == "receiver")


def test_a_part_is_not_deleted_by_itself(root: Client) -> None:
    make_receivers()
    channel = Channel.objects.earliest("pk")

    assert root.post(f"/admin/core/channel/{channel.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Channel.objects.filter(pk=channel.pk).exists()


def test_only_superusers_say_where_a_server_is(staff: SignInAsStaff) -> None:
    """The workers send it the key that its settings name: whoever may write both may read every file."""
    server = make_server()
    sam = staff("view_server", "add_server", "change_server")

    assert sam.get("/admin/core/server/add/").status_code == 403
    sam.post(f"/admin/core/server/{server.pk}/change/", {"name": "main", "url": "https://198.51.100.66"})
    server.refresh_from_db()
    assert server.url == "https://198.51.100.7:10000"


def location(**told: str) -> dict[str, str]:
    return {"slug": "hall", "title": "Main hall", "zone": "Europe/Berlin", **told}


def ends(day: str, time: str) -> dict[str, str]:
    return {"event_ends_at_0": day, "event_ends_at_1": time}


def test_an_event_s_end_is_written_and_shown_as_the_clocks_at_its_location_show_it(root: Client) -> None:
    root.post("/admin/core/location/add/", location(**ends("2036-07-01", "22:30")))

    hall = Location.objects.get()
    assert hall.event_ends_at == datetime(2036, 7, 1, 20, 30, tzinfo=UTC)
    assert "01 Jul 2036, 22:30" in root.get("/admin/core/location/").content.decode()
    assert 'value="22:30:00"' in root.get(f"/admin/core/location/{hall.pk}/change/").content.decode()

    root.post(f"/admin/core/location/{hall.pk}/change/", location(**ends("", "")))
    hall.refresh_from_db()
    assert hall.event_ends_at is None


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (ends("2020-07-01", "22:30"), "That is past in Europe/Berlin. Choose a time to come, or none."),
        (ends("2036-03-30", "02:30"), "The clocks in Europe/Berlin are put forward over that time"),
        ({**ends("2036-07-01", "22:30"), "zone": "Berlin"}, "is not a time zone"),
    ],
)
def test_an_event_s_end_that_cannot_be_is_refused_in_a_sentence(
    root: Client, told: dict[str, str], sentence: str
) -> None:
    answer = root.post("/admin/core/location/add/", location(**told))

    assert sentence in answer.content.decode()
    assert not Location.objects.exists()


def test_an_event_that_is_over_does_not_stand_in_the_way_of_other_edits(root: Client) -> None:
    hall = Location.objects.create(**location(), event_ends_at=datetime(2020, 7, 1, 20, 30, tzinfo=UTC))

    root.post(
        f"/admin/core/location/{hall.pk}/change/", location(**ends("2020-07-01", "22:30"), title="Great hall")
    )

    hall.refresh_from_db()
    assert (hall.title, hall.event_ends_at) == ("Great hall", datetime(2020, 7, 1, 20, 30, tzinfo=UTC))


def test_a_mute_is_made_and_ended_in_the_admin_and_stays_as_a_record(root: Client) -> None:
    (receiver,) = make_receivers()

    answer = root.post(
        "/admin/core/mute/add/", {"receiver": receiver.pk, "lasting": "15", "reason": "line check"}
    )

    assert answer.status_code == 302
    muted = Mute.objects.get()
    assert (muted.part, muted.by, muted.reason) == (receiver, "root", "line check")
    assert muted.until - muted.created_at == timedelta(minutes=15)
    assert "line check" in root.get("/admin/core/mute/").content.decode()

    do(root, "mute", "end_now", muted.pk)
    muted.refresh_from_db()
    assert (muted.until < muted.created_at + timedelta(minutes=15), muted.ended_by) == (True, "root")
    assert root.post(f"/admin/core/mute/{muted.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("told", "sentence"),
    [({"reason": ""}, "This field is required."), ({"receiver": True, "channel": True}, "Choose one part")],
)
def test_a_mute_without_a_reason_or_of_two_parts_is_refused(
    root: Client, told: dict[str, Any], sentence: str
) -> None:
    (receiver,) = make_receivers()
    parts = {"receiver": receiver.pk, "channel": receiver.channels.all()[0].pk}
    form = {name: parts[name] if value is True else value for name, value in told.items()}

    answer = root.post("/admin/core/mute/add/", {"lasting": "15", "reason": "line check", **form})

    assert sentence in answer.content.decode()
    assert not Mute.objects.exists()


def test_a_place_goes_with_its_limits_and_mutes(staff: SignInAsStaff) -> None:
    hall = Location.objects.create(slug="hall", title="Main hall")
    Limits.objects.create(location=hall)
    Mute.objects.create(location=hall, until=TransactionNow(), by="sam", reason="")

    staff("delete_location").post(f"/admin/core/location/{hall.pk}/delete/", {"post": "yes"})

    assert [model.objects.count() for model in (Location, Limits, Mute)] == [0, 0, 0]


def test_a_destination_is_tried_out_from_its_page(root: Client) -> None:
    values = {"name": "rack", "address_reference": "env:RACK", "severity": "critical", "enabled": "on"}

    root.post("/admin/core/destination/add/", values)
    rack = Destination.objects.get()
    page = f"/admin/core/destination/{rack.pk}/change/"
    answer = root.post(page, {**values, "_test": "Save and send a test"}, follow=True)

    assert "A test is on its way." in answer.content.decode()
    assert list(Notice.objects.values_list("destination", "kind", "state")) == [(rack.pk, "test", "waiting")]
    root.post(page, {"name": "rack", "address_reference": "env:RACK", "severity": "critical", "_test": "on"})
    assert Notice.objects.count() == 1


def test_a_destination_that_is_enabled_again_is_told_from_then_on(root: Client) -> None:
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    rack = Destination.objects.create(
        name="rack", address_reference="env:RACK", enabled=False, told_from=long_ago
    )
    page = f"/admin/core/destination/{rack.pk}/change/"
    values = {"name": "rack", "address_reference": "env:RACK", "severity": "critical"}

    root.post(page, {**values, "name": "rack room"})
    assert Destination.objects.get().told_from == long_ago
    root.post(page, {**values, "enabled": "on"})

    assert Destination.objects.get().told_from > long_ago


def test_only_superusers_say_where_destinations_are(staff: SignInAsStaff) -> None:
    rack = Destination.objects.create(name="rack", address_reference="env:RACK")
    sam = staff("add_destination", "change_destination", "view_destination")

    assert sam.get("/admin/core/destination/add/").status_code == 403
    assert sam.post(f"/admin/core/destination/{rack.pk}/change/", {"name": "x"}).status_code == 403
    assert b"Send a test" in sam.get(f"/admin/core/destination/{rack.pk}/change/").content
    assert b'name="_test"' not in sam.get(f"/admin/core/destination/{rack.pk}/change/").content


@pytest.mark.parametrize("reference", ["mailto://sam:secret@mail.example", "rack", "env:"])
def test_an_address_itself_is_not_kept(root: Client, reference: str) -> None:
    answer = root.post(
        "/admin/core/destination/add/",
        {"name": "rack", "address_reference": reference, "severity": "critical"},
    )

    assert "Say where the key is, not the key itself" in answer.content.decode()
    assert not Destination.objects.exists()
