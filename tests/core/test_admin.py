"""What may be done in the admin, and by whom."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import Channel, Claim, Group, Location, Receiver, Server
from tests.fleet import make_receivers, make_server

pytestmark = pytest.mark.django_db

PAGES = (
    "location",
    "group",
    "limits",
    "server",
    "receiver",
    "channel",
    "claim",
    "schedule",
    "alert",
    "token",
    "changerecord",
    "window",
)


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


def staff(client: Client, *permissions: str) -> Client:
    user = User.objects.create_user("sam", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


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
    client: Client,
    permissions: list[str],
    wanted: bool,  # noqa: FBT001
) -> None:
    (receiver,) = make_receivers()
    Claim.objects.update(wanted=False)

    do(staff(client, *permissions), "receiver", "poll_now", receiver.pk)

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


def test_only_superusers_say_where_a_server_is(client: Client) -> None:
    """The workers send it the key that its settings name: whoever may write both may read every file."""
    server = make_server()
    sam = staff(client, "view_server", "add_server", "change_server")

    assert sam.get("/admin/core/server/add/").status_code == 403
    sam.post(f"/admin/core/server/{server.pk}/change/", {"name": "main", "url": "https://198.51.100.66"})
    server.refresh_from_db()
    assert server.url == "https://198.51.100.7:10000"
