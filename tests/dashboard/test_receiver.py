"""A receiver's page in the admin: its explanation, its own interval, and that it is watched while it is open."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.postgres.functions import TransactionNow as Now
from django.test import Client
from django.utils.html import escape
from pytest_django.fixtures import Settings

from core import explain
from core.models import Claim, Receiver
from tests.fleet import answered, heard, make_receivers
from tests.polling import record_poll

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ada"))
    return client


@pytest.fixture
def receiver() -> Receiver:
    (receiver,) = make_receivers(model="ULXD4")
    record_poll(receiver, answered(heard(1)))
    return receiver


def page_of(receiver: Receiver) -> str:
    return f"/admin/core/receiver/{receiver.pk}/change/"


def watch_of(receiver: Receiver) -> str:
    return f"/admin/core/receiver/{receiver.pk}/watch/"


def save(admin: Client, receiver: Receiver, **values: str) -> list[str]:
    """Send the receiver's form, and return what is said against it."""
    inline = {"channels-TOTAL_FORMS": "0", "channels-INITIAL_FORMS": "0"}
    answer = admin.post(page_of(receiver), {"enabled": "on", **inline, **values})
    if answer.status_code == 302:
        return []
    found = answer.context["adminform"].form.errors
    return [sentence for sentences in found.values() for sentence in sentences]


def test_the_page_explains_as_the_command_does(admin: Client, receiver: Receiver) -> None:
    told = explain.find(receiver.code)
    assert told is not None
    explanation = explain.explanation(told)

    page = admin.get(page_of(receiver)).content.decode()

    for subject, sentence in explanation.sentences:
        assert f"<dt>{subject}</dt><dd>{escape(sentence)}</dd>" in page
    (poll,) = explanation.polls
    assert poll.took in page
    assert page.count('data-result="ok">ok</span>') == 2


def test_a_receiver_that_was_never_polled_has_its_page(admin: Client) -> None:
    (receiver,) = make_receivers()

    assert "None of its polls has been recorded yet." in admin.get(page_of(receiver)).content.decode()


def test_while_it_is_open_the_receiver_is_watched_for_twenty_seconds_each_time(
    admin: Client, receiver: Receiver
) -> None:
    Claim.objects.update(wanted=False)

    answer = admin.post(watch_of(receiver))

    claim = Claim.objects.annotate(now=Now()).get()
    assert claim.watched_until is not None
    assert (claim.watched_until - claim.now).total_seconds() == 20
    assert claim.wanted
    page = answer.content.decode()
    assert page.startswith('<div class="explanation">')
    assert "due now" in page


def test_opening_it_is_no_change(admin: Client, receiver: Receiver) -> None:
    Claim.objects.update(wanted=False)

    admin.get(page_of(receiver))

    assert Claim.objects.get().watched_until is None
    assert admin.get(watch_of(receiver)).status_code == 405


def test_only_staff_who_may_see_it_hold_it_watched(client: Client, receiver: Receiver) -> None:
    assert client.post(watch_of(receiver))["Location"].startswith("/sign-in/")
    user = User.objects.create_user("sam", is_staff=True)
    client.force_login(user)
    assert client.post(watch_of(receiver)).status_code == 403
    assert Claim.objects.get().watched_until is None

    user.user_permissions.set(Permission.objects.filter(codename="view_receiver"))
    assert client.post(watch_of(receiver)).status_code == 200


def test_it_is_not_held_watched_from_another_site(receiver: Receiver) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("ada"))

    assert client.post(watch_of(receiver)).status_code == 403
    assert Claim.objects.get().watched_until is None


def test_a_receiver_that_is_gone_is_not_found(admin: Client, receiver: Receiver) -> None:
    pk = receiver.pk
    receiver.delete()

    assert admin.post(f"/admin/core/receiver/{pk}/watch/").status_code == 404


def test_a_receiver_is_deleted_with_its_polls_and_the_page_that_asks_names_none_of_them(
    admin: Client, receiver: Receiver
) -> None:
    address = f"/admin/core/receiver/{receiver.pk}/delete/"

    assert "Poll record" not in admin.get(address).content.decode()
    admin.post(address, {"post": "yes"})
    assert not Receiver.objects.exists()


def test_what_is_saved_is_in_force_at_the_next_claim(admin: Client, receiver: Receiver) -> None:
    Claim.objects.update(wanted=False)

    assert save(admin, receiver, critical="on", interval_s="5") == []

    assert Claim.objects.get().wanted
    assert (Receiver.objects.get().critical, Receiver.objects.get().interval_s) == (True, 5)
    assert LogEntry.objects.get().get_change_message() == "Changed Critical and Own interval (s)."


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ("0", "Receivers are asked once a second at the most: choose 1 s or more."),
        ("-1", "Receivers are asked once a second at the most: choose 1 s or more."),
        ("0.1", "Receivers are asked once a second at the most: choose 1 s or more."),
        ("3601", "Receivers are asked once an hour at the least: choose 1 hour or less."),
        (
            "1",
            (
                "1 receiver every 1 s would need 1 poll a second; Micboard is set to 0.5 at the most "
                "(MICBOARD_MAX_POLLS_PER_S). Choose 2 s or more."
            ),
        ),
    ],
)
def test_an_interval_that_cannot_be_is_refused_in_a_sentence(
    *, admin: Client, receiver: Receiver, settings: Settings, sent: str, sentence: str
) -> None:
    settings.MAX_POLLS_PER_S = 20 if float(sent) < 1 else 0.5

    assert save(admin, receiver, interval_s=sent) == [sentence]
