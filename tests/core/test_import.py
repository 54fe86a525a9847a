"""Channels from a file, in the admin and from the command line: seen first, then all of it or nothing."""

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import Channel, Group, Location, Receiver, Slot
from realtime.windows import emit
from tests.conftest import SignInAsStaff
from tests.fleet import channels_of, make_receivers

pytestmark = pytest.mark.django_db

PAGE = "/admin/core/channel/import/"


@pytest.fixture
def receiver() -> Receiver:
    """A receiver of four channels on the board, the first two in slots 1 and 2 of a group."""
    (receiver,) = make_receivers()
    Location.objects.create(slug="main-a", title="Main hall")
    band = Group.objects.create(slug="band", title="Band")
    for number, channel in enumerate(channels_of(receiver)[:2], start=1):
        Slot.objects.create(group=band, channel=channel, number=number)
    emit()
    return receiver


def file(*lines: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("channels.csv", "\r\n".join(lines).encode(), "text/csv")


def evening(receiver: Receiver) -> list[str]:
    """Name, mark and place two channels, and have them change slots."""
    return [
        "device_id;name;colour;location;group;slot",
        f"{receiver.code};Lead;blue;main-a;band;2",
        f"{receiver.code}-2;'-Bass;;main-a;band;1",
    ]


def see(client: Client, *lines: str) -> str:
    return client.post(PAGE, {"file": file(*lines)}).content.decode()


def follow(client: Client, page: str) -> Any:
    """Confirm what a page shows."""
    signed = re.search(r'name="signed" value="([^"]+)"', page)
    assert signed is not None
    answer = client.post(PAGE, {"signed": signed[1]}, follow=True)
    connection.check_constraints()
    return answer


def standing() -> list[tuple[Any, ...]]:
    """Return of each channel that is named: its name, colour, location and slot."""
    named = Channel.objects.exclude(alias="").order_by("number")
    return list(named.values_list("alias", "colour", "receiver__location__slug", "slots__number"))


def test_a_file_is_seen_first_and_then_imported_whole(root: Client, receiver: Receiver) -> None:
    page = see(root, *evening(receiver))

    assert "6 changes, none of which is done yet" in page
    assert standing() == []
    answer = follow(root, page)
    assert "6 changes were imported." in answer.content.decode()
    assert standing() == [("Lead", "blue", "main-a", 2), ("-Bass", None, "main-a", 1)]


def test_what_was_imported_is_told_in_the_next_window(root: Client, receiver: Receiver) -> None:
    follow(root, see(root, *evening(receiver)))

    (window,) = emit()
    assert {update["device_id"]: update["changes"] for update in window.frame["updates"]} == {
        receiver.code: {"name": "Lead", "colour": "blue", "location": "main-a", "groups": [["band", 2]]},
        f"{receiver.code}-2": {"name": "-Bass", "location": "main-a", "groups": [["band", 1]]},
        **{f"{receiver.code}-{number}": {"location": "main-a"} for number in (3, 4)},
    }


def test_the_log_tells_who_imported_what(root: Client, receiver: Receiver) -> None:
    follow(root, see(root, *evening(receiver)))

    assert set(LogEntry.objects.values_list("content_type__model", "change_message")) == {
        (
            "channel",
            "Imported: name none → “Lead”; colour none → “blue”; location none → “main-a”; slot of band 1 → 2.",
        ),
        ("channel", "Imported: name none → “-Bass”; slot of band 2 → 1."),
        ("receiver", "Imported: location main-a."),
        ("group", "Imported: its slots."),
    }


def test_a_file_with_one_wrong_line_is_not_imported_at_all(root: Client, receiver: Receiver) -> None:
    page = see(root, *evening(receiver), "SHURE999;<b>x</b>;;;;")

    assert "Nothing is imported: 1 thing to put right" in page
    assert "There is no channel SHURE999." in page
    assert 'name="signed"' not in page


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "It is empty."),
        (["device_id;name"], "It has a first line and no channels below it."),
        (["name"], "Its first line has to name the columns"),
        (["x" * 2**20] * 2, "It is larger than 1 MiB."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(
    root: Client, lines: list[str], sentence: str
) -> None:
    assert sentence in see(root, *lines)


def test_without_a_file_it_asks_for_one(root: Client) -> None:
    assert "This field is required." in root.post(PAGE, {}).content.decode()


def test_what_was_edited_since_it_was_seen_is_shown_anew_and_not_run_over(
    root: Client, receiver: Receiver
) -> None:
    page = see(root, *evening(receiver))
    Channel.objects.filter(device_id=receiver.code).update(alias="Pastor")

    again = follow(root, page).content.decode()

    assert "Something was edited since you saw this, and nothing was imported." in again
    assert [name for name, *_ in standing()] == ["Pastor"]
    assert "6 changes were imported." in follow(root, again).content.decode()
    assert [name for name, *_ in standing()] == ["Lead", "-Bass"]


def test_a_preview_that_was_tampered_with_is_refused(root: Client, receiver: Receiver) -> None:
    del receiver

    answer = root.post(PAGE, {"signed": "eyJmaWxlIjoiIn0:1xxxxx:yyyy"}, follow=True)

    assert "That preview did not come back whole" in answer.content.decode()


def test_what_is_exported_is_imported_without_a_change(root: Client, receiver: Receiver) -> None:
    Channel.objects.filter(receiver=receiver, number=3).update(alias="=cmd|' /C calc'!A0", colour="pink")

    text = root.get("/admin/core/channel/channels.csv").content.decode()

    assert f"{receiver.code}-3,{receiver.code},3,ULXD4Q,,'=cmd|' /C calc'!A0,pink,,," in text
    assert "Nothing would change" in see(root, *text.splitlines())


def test_only_who_may_change_channels_imports_them(staff: SignInAsStaff, receiver: Receiver) -> None:
    sam = staff("view_channel")

    assert sam.get(PAGE).status_code == 403
    assert sam.post(PAGE, {"file": file(*evening(receiver))}).status_code == 403
    assert "Import CSV" not in sam.get("/admin/core/channel/").content.decode()
    assert sam.get("/admin/core/channel/channels.csv").status_code == 200


def test_a_file_asks_for_the_rights_that_its_changes_take(staff: SignInAsStaff, receiver: Receiver) -> None:
    sam = staff("change_channel")
    page = see(sam, *evening(receiver))

    assert "You may not place receivers, renumber slots: ask somebody who may" in page
    assert 'name="signed"' not in page
    follow(sam, see(sam, "device_id;name", f"{receiver.code};Lead"))
    assert [name for name, *_ in standing()] == ["Lead"]


def test_a_right_that_is_gone_by_then_is_missed(staff: SignInAsStaff, receiver: Receiver) -> None:
    sam = staff("change_channel", "change_receiver", "change_slot")
    page = see(sam, *evening(receiver))
    User.objects.get().user_permissions.set(Permission.objects.filter(codename="change_channel"))

    assert follow(sam, page).status_code == 403
    assert standing() == []


def test_a_long_file_asks_no_more_of_the_database_than_a_short_one(root: Client) -> None:
    def statements(*lines: str) -> int:
        with CaptureQueriesContext(connection) as counted:
            follow(root, see(root, "device_id,name,colour", *lines))
        return len(counted)

    codes = [receiver.code for receiver in make_receivers(4, model="ULXD4")]
    statements(f"{codes[0]},a,blue")  # the first asks for content types, once a process
    with_one = statements(f"{codes[0]},b,pink")

    assert statements(*(f"{code},c,white" for code in codes[1:])) == with_one


def test_channels_are_named_and_marked_in_their_list(root: Client, receiver: Receiver) -> None:
    first, second, *_ = channels_of(receiver)
    form = {"form-TOTAL_FORMS": "4", "form-INITIAL_FORMS": "4", "_save": "Save"}
    for row, channel in enumerate(channels_of(receiver)):
        form |= {f"form-{row}-id": str(channel.pk), f"form-{row}-alias": "", f"form-{row}-colour": ""}

    root.post("/admin/core/channel/?o=1", {**form, "form-1-alias": "Bass", "form-1-colour": "violet"})

    assert list(Channel.objects.exclude(alias="").values_list("pk", "alias", "colour")) == [
        (second.pk, "Bass", "violet")
    ]
    first.refresh_from_db()
    assert first.colour is None


def test_without_channels_the_list_says_what_to_do(root: Client) -> None:
    assert "No channels yet." in root.get("/admin/core/channel/").content.decode()


def test_the_command_does_the_same(receiver: Receiver, tmp_path: Path) -> None:
    path = tmp_path / "channels.csv"
    path.write_text("\n".join(evening(receiver)))
    said, dry = StringIO(), StringIO()

    call_command("import_channels", str(path), "--dry-run", stdout=dry, stderr=StringIO())
    assert standing() == []
    call_command("import_channels", str(path), stdout=said)

    assert said.getvalue() == dry.getvalue()
    assert said.getvalue().splitlines()[0] == f"{receiver.code}\tname none → “Lead”"
    assert [name for name, *_ in standing()] == ["Lead", "-Bass"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("device_id,name\nSHURE999,x", "line 2: There is no channel SHURE999."),
        ("", "It is empty."),
        (None, "No such file"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path: Path, text: str | None, sentence: str) -> None:
    path = tmp_path / "channels.csv"
    if text is not None:
        path.write_text(text)

    with pytest.raises(CommandError, match=sentence):
        call_command("import_channels", str(path))
