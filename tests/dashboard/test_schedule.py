"""The schedule's page in the admin: what a person sees there, and what they change for several receivers at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.functions import TransactionNow as Now
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_celery_beat.models import PeriodicTask
from pytest_django.fixtures import Settings

from core.models import Channel, Claim, Group, Receiver
from tests.conftest import SignInAsStaff
from tests.fleet import answered, heard, make_receivers, make_server, silent
from tests.polling import record_poll

pytestmark = pytest.mark.django_db

SCHEDULE = "/admin/core/schedule/"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ada"))
    return client


def shown(admin: Client, query: str = "") -> list[str]:
    """Return the codes of the receivers that the list shows."""
    rows = admin.get(f"{SCHEDULE}?{query}").context["cl"].result_list
    return [row.receiver.code for row in rows]


def cells(admin: Client) -> list[dict[str, str]]:
    """Return what stands in the columns of each row."""
    changelist = admin.get(SCHEDULE).context["cl"]
    page = changelist.model_admin
    columns = ("reason", "interval", "next_poll", "last_result")
    return [
        {"tier": row.tier, **{name: str(getattr(page, name)(row)) for name in columns}}
        for row in changelist.result_list
    ]


def act(admin: Client, action: str, receivers: list[Receiver], **more: Any) -> str:
    """Do something to several receivers, and return the page that follows."""
    sent = {"action": action, "_selected_action": [receiver.pk for receiver in receivers], **more}
    return admin.post(SCHEDULE, sent, follow=True).content.decode()


def logged() -> list[tuple[str, str]]:
    return [(entry.object_repr, entry.change_message) for entry in LogEntry.objects.order_by("object_repr")]


def test_it_is_found_from_the_index_and_from_the_claims(admin: Client) -> None:
    assert SCHEDULE in admin.get("/admin/").content.decode()
    assert f'<a href="{SCHEDULE}">Schedule</a>' in admin.get("/admin/core/claim/").content.decode()


def test_the_tiers_are_told_with_their_load(admin: Client) -> None:
    receivers = make_receivers(3)
    record_poll(receivers[0], answered(heard(1)))
    PeriodicTask.objects.filter(name="poll:offline").update(enabled=False)

    context = admin.get(SCHEDULE).context

    assert [
        (load.tier, load.interval_s, load.enabled, load.receivers, load.needed_per_s)
        for load, _ in context["tiers"]
    ] == [("critical", 10, True, 0, 0), ("normal", 30, True, 3, 0.1), ("offline", 60, False, 0, 0)]
    assert context["total"].done_per_s == pytest.approx(1 / 60)
    assert context["total"].most_per_s == 400


def test_it_says_when_the_intervals_ask_for_too_much(admin: Client, settings: Settings) -> None:
    sentence = (
        "The intervals ask for more than 0.1 polls a second (MICBOARD_MAX_POLLS_PER_S): polls come late."
    )
    settings.MAX_POLLS_PER_S = 0.1

    make_receivers(3)
    assert sentence not in admin.get(SCHEDULE).content.decode()
    make_receivers(1)
    assert sentence in admin.get(SCHEDULE).content.decode()


def test_only_who_may_tune_a_tier_is_led_to_its_row(staff: SignInAsStaff) -> None:
    sam = staff("view_receiver")

    page = sam.get(SCHEDULE).content.decode()

    assert "Polls a second needed" in page
    assert "/admin/django_celery_beat/periodictask/" not in page


def test_each_receiver_is_told_with_why_and_when_it_is_polled(admin: Client) -> None:
    well, own, failing, disabled, _ = make_receivers(5)
    Claim.objects.update(wanted=False, slot_at=Now() - timedelta(seconds=5))
    Receiver.objects.filter(pk=own.pk).update(interval_s=2.5)
    Receiver.objects.filter(pk=disabled.pk).update(enabled=False)
    record_poll(well, answered(*(heard(number) for number in range(1, 5))))
    record_poll(failing, silent())
    Claim.objects.update(inflight_until=None, slot_at=Now() - timedelta(seconds=5), wanted=False)

    assert cells(admin) == [
        {
            "tier": "normal",
            "reason": "well",
            "interval": "30 s",
            "next_poll": "in 25 s",
            "last_result": '<span class="result" data-result="ok">ok</span>, 0 s ago',
        },
        {
            "tier": "normal",
            "reason": "new",
            "interval": "2.5 s, its own",
            "next_poll": "due now",
            "last_result": '<span class="result">not polled yet</span>',
        },
        {
            "tier": "critical",
            "reason": "retrying",
            "interval": "10 s",
            "next_poll": "in 5 s",
            "last_result": '<span class="result" data-result="failed">failed</span>, 0 s ago: '
            "The receiver does not answer.",
        },
        {
            "tier": "normal",
            "reason": "new",
            "interval": "30 s",
            "next_poll": "none: it is disabled",
            "last_result": '<span class="result">not polled yet</span>',
        },
        {
            "tier": "normal",
            "reason": "new",
            "interval": "30 s",
            "next_poll": "in 25 s",
            "last_result": '<span class="result">not polled yet</span>',
        },
    ]


def test_it_is_filtered_by_each_of_its_columns_and_searched(admin: Client) -> None:
    well, own, failing, disabled = make_receivers(4)
    Claim.objects.update(wanted=False, slot_at=Now() - timedelta(seconds=5))
    Receiver.objects.filter(pk=own.pk).update(interval_s=2.5, critical=True, name="Stage left")
    Receiver.objects.filter(pk=disabled.pk).update(enabled=False)
    record_poll(well, answered(*(heard(number) for number in range(1, 5))))
    for _ in range(3):
        record_poll(failing, silent())
    Claim.objects.update(inflight_until=None, slot_at=Now() - timedelta(seconds=5), wanted=False)
    Channel.objects.filter(receiver=well, number=2).update(alias="Pastor")
    group = Group.objects.create(slug="choir", title="Choir")
    for number, channel in enumerate(well.channels.all()[:2], start=1):
        group.slots.create(channel=channel, number=number)

    found = {
        query: shown(admin, query)
        for query in (
            *("tier__exact=offline", "tier_reason=lost", "interval=own", "interval=tier"),
            *("next=due", "next=waits", "next=none", "result=ok", "result=failed", "result=never"),
            *("failures=none", "failures=some", "failures=many", "group=choir"),
            *("receiver__critical__exact=1", "receiver__enabled__exact=0", "q=pastor", "q=stage"),
        )
    }

    one, two, three, four = (receiver.code for receiver in (well, own, failing, disabled))
    assert found == {
        "tier__exact=offline": [three],
        "tier_reason=lost": [three],
        "interval=own": [two],
        "interval=tier": [one, three, four],
        "next=due": [two],
        "next=waits": [one, three],
        "next=none": [four],
        "result=ok": [one],
        "result=failed": [three],
        "result=never": [two, four],
        "failures=none": [one, two, four],
        "failures=some": [],
        "failures=many": [three],
        "group=choir": [one],
        "receiver__critical__exact=1": [two],
        "receiver__enabled__exact=0": [four],
        "q=pastor": [one],
        "q=stage": [two],
    }


def test_it_is_sorted_by_when_the_next_poll_is(admin: Client) -> None:
    late, soon = make_receivers(2)
    Receiver.objects.filter(pk=soon.pk).update(interval_s=5)

    assert shown(admin, "o=5") == [soon.code, late.code]
    assert shown(admin, "o=-5") == [late.code, soon.code]


def test_it_costs_the_same_statements_with_one_row_and_with_three(admin: Client) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as counted:
            admin.get(SCHEDULE)
        return len(counted)

    make_receivers(1, server=make_server("one"), model="ULXD4")
    with_one = statements()
    make_receivers(1, server=make_server("two"), model="ULXD4")
    make_receivers(1, server=make_server("three"), model="ULXD4")

    assert statements() == with_one


@pytest.mark.parametrize(
    ("action", "before", "after", "what"),
    [
        ("make_critical", {"critical": False}, {"critical": True}, "now critical"),
        ("make_not_critical", {"critical": True}, {"critical": False}, "no longer critical"),
        ("enable", {"enabled": False}, {"enabled": True}, "enabled"),
        ("disable", {"enabled": True}, {"enabled": False}, "disabled"),
    ],
)
def test_several_are_changed_at_once_and_each_change_is_logged(
    *, admin: Client, action: str, before: dict[str, bool], after: dict[str, bool], what: str
) -> None:
    *chosen, _ = make_receivers(3)
    Receiver.objects.update(**before)
    Claim.objects.update(wanted=False)

    page = act(admin, action, chosen)

    assert f"2 receivers are {what}." in page
    assert set(Receiver.objects.filter(**after)) == set(chosen)
    assert set(Claim.objects.filter(wanted=True)) == {receiver.claim for receiver in chosen}
    assert logged() == [(receiver.code, f"{what[0].upper()}{what[1:]}.") for receiver in chosen]


def test_a_change_is_read_in_the_receiver_s_own_history(admin: Client) -> None:
    (receiver,) = make_receivers()

    act(admin, "make_critical", [receiver])

    assert "Now critical." in admin.get(f"/admin/core/receiver/{receiver.pk}/history/").content.decode()


def test_several_are_polled_now(admin: Client) -> None:
    *chosen, _ = make_receivers(3)
    Claim.objects.update(wanted=False)

    page = act(admin, "poll_now", chosen)

    assert "2 receivers are polled within half a second." in page
    assert Claim.objects.filter(wanted=True).count() == 2
    assert logged() == [(receiver.code, "Polled at once.") for receiver in chosen]


def test_what_several_cost_does_not_grow_with_them(admin: Client) -> None:
    def statements(receivers: list[Receiver]) -> int:
        ContentType.objects.clear_cache()  # the first to be logged would cost one more
        with CaptureQueriesContext(connection) as counted:
            act(admin, "make_critical", receivers)
        return len(counted)

    receivers = make_receivers(12)

    assert statements(receivers[:2]) == statements(receivers[2:])


@pytest.mark.parametrize(("sent", "kept"), [("12.5", 12.5), ("", None)])
def test_an_interval_is_set_for_several(admin: Client, sent: str, kept: float | None) -> None:
    *chosen, other = make_receivers(3)
    Receiver.objects.update(interval_s=7)

    question = act(admin, "set_interval", chosen)
    page = act(admin, "set_interval", chosen, interval_s=sent, set="Set")

    assert "Set for 2 receivers" in question
    assert [Receiver.objects.get(pk=one.pk).interval_s for one in (*chosen, other)] == [kept, kept, 7]
    what = "polled every 12.5 s" if kept else "polled at the interval of its tier"
    assert f"2 receivers are {what}." in page
    assert logged() == [(receiver.code, f"P{what[1:]}.") for receiver in chosen]


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ("0", "Receivers are asked once a second at the most: choose 1 s or more."),
        ("-3", "Receivers are asked once a second at the most: choose 1 s or more."),
        ("0.1", "Receivers are asked once a second at the most: choose 1 s or more."),
        ("4000", "Receivers are asked once an hour at the least: choose 1 hour or less."),
        ("soon", "Write a number of seconds, such as 5 or 2.5."),
        ("nan", "Write a number of seconds, such as 5 or 2.5."),
        (
            "1.5",
            (
                "4 receivers every 1.5 s would need 2.7 polls a second; Micboard is set to 2 at the most "
                "(MICBOARD_MAX_POLLS_PER_S). Choose 2 s or more."
            ),
        ),
    ],
)
def test_an_interval_that_cannot_be_is_refused_in_a_sentence(
    admin: Client, settings: Settings, sent: str, sentence: str
) -> None:
    settings.MAX_POLLS_PER_S = 2
    receivers = make_receivers(4)

    page = act(admin, "set_interval", receivers, interval_s=sent, set="Set")

    assert sentence in page
    assert not Receiver.objects.exclude(interval_s=None).exists()
    assert logged() == []


def test_all_that_a_filter_finds_are_chosen_at_once(admin: Client) -> None:
    receivers = make_receivers(3)
    Receiver.objects.filter(pk=receivers[0].pk).update(interval_s=9)
    every = {"action": "set_interval", "select_across": "1", "_selected_action": [receivers[1].pk]}

    question = admin.post(f"{SCHEDULE}?interval=tier", every).content.decode()
    admin.post(f"{SCHEDULE}?interval=tier", {**every, "interval_s": "20", "set": "Set"})

    assert "Set for 2 receivers" in question
    assert [one.interval_s for one in Receiver.objects.order_by("pk")] == [9, 20, 20]


@pytest.mark.parametrize(
    ("permissions", "opens", "critical"),
    [
        ([], 403, False),
        (["view_receiver"], 200, False),
        (["view_receiver", "change_receiver"], 200, True),
    ],
)
def test_who_may_see_or_change_receivers_may_see_or_change_their_schedule(
    staff: SignInAsStaff,
    permissions: list[str],
    opens: int,
    critical: bool,  # noqa: FBT001
) -> None:
    receivers = make_receivers()
    sam = staff(*permissions)

    assert sam.get(SCHEDULE).status_code == opens
    act(sam, "make_critical", receivers)
    assert Receiver.objects.get().critical is critical


def test_a_row_leads_to_its_receiver(admin: Client) -> None:
    (receiver,) = make_receivers()
    page = f"/admin/core/receiver/{receiver.pk}/change/"

    assert page in admin.get(SCHEDULE).content.decode()
    assert admin.get(f"{SCHEDULE}{receiver.pk}/change/")["Location"] == page
