"""The tiers' rows and their intervals in the admin: tuned, and neither bent nor lost."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.forms.models import model_to_dict
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from pytest_django.fixtures import Settings

from tests.fleet import make_receivers

TIER = "poll:normal"
ENTRIES = reverse("admin:django_celery_beat_periodictask_changelist")


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    del db
    client.force_login(User.objects.create(username="ada", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def another(db: None) -> PeriodicTask:
    """An entry that is no tier's."""
    del db
    return PeriodicTask.objects.create(name="a weekly task", task="weekly", interval=interval(7, "days"))


def interval(every: int, period: str) -> IntervalSchedule:
    made: IntervalSchedule = IntervalSchedule.objects.get_or_create(every=every, period=period)[0]
    return made


def errors(admin: Client, row: PeriodicTask | IntervalSchedule, changes: Mapping[str, Any]) -> list[str]:
    """Send a row's form with some fields changed, and return what is said against it."""
    model = row._meta
    inline = {f"periodictask_set-{part}": "0" for part in ("TOTAL_FORMS", "INITIAL_FORMS")}
    kept = {name: value for name, value in model_to_dict(row).items() if value is not None}
    answer = admin.post(
        reverse(f"admin:{model.app_label}_{model.model_name}_change", args=[row.pk]),
        {**kept, **inline, **changes},
    )
    if answer.status_code == 302:
        return []
    found = answer.context["adminform"].form.errors
    return [sentence for sentences in found.values() for sentence in sentences]


def test_a_tier_is_polled_at_another_interval(admin: Client) -> None:
    row = PeriodicTask.objects.get(name=TIER)

    assert errors(admin, row, {"interval": interval(45, "seconds").pk}) == []
    row.refresh_from_db()
    assert (row.interval.every, row.interval.period) == (45, "seconds")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "mine"}, "This row sets how often a tier is polled: it has to stay poll:normal."),
        ({"task": "mine"}, "This row sets how often a tier is polled: it stays pollers.poll_tier."),
        ({"interval": ""}, "A tier is polled at an interval: choose one, and no crontab, solar or clocked."),
        (
            {"interval": (500, "microseconds")},
            "Receivers are asked once a second at the most: choose 1 s or more.",
        ),
        ({"interval": (2, "hours")}, "Receivers are asked once an hour at the least: choose 1 hour or less."),
    ],
)
def test_a_tier_s_row_is_not_bent_into_something_else(
    admin: Client, changes: Mapping[str, Any], sentence: str
) -> None:
    row = PeriodicTask.objects.get(name=TIER)
    sent = {
        name: interval(*value).pk if isinstance(value, tuple) else value for name, value in changes.items()
    }

    assert sentence in errors(admin, row, sent)


def test_a_tier_is_not_polled_by_the_calendar(admin: Client) -> None:
    row = PeriodicTask.objects.get(name=TIER)
    crontab = CrontabSchedule.objects.create()

    (said,) = errors(admin, row, {"interval": "", "crontab": crontab.pk})

    assert said == "A tier is polled at an interval: choose one, and no crontab, solar or clocked."


def test_no_other_entry_takes_a_tier_s_name(admin: Client, another: PeriodicTask) -> None:
    PeriodicTask.objects.get(name=TIER).delete()

    assert errors(admin, another, {"name": TIER}) == ["That name belongs to a tier. Give this entry another."]


@pytest.mark.parametrize(
    ("every", "period", "sentence"),
    [
        (500, "microseconds", "Receivers are asked once a second at the most: choose 1 s or more."),
        (2, "hours", "Receivers are asked once an hour at the least: choose 1 hour or less."),
    ],
)
def test_the_interval_that_a_tier_is_polled_at_stays_in_its_limits(
    admin: Client, every: int, period: str, sentence: str
) -> None:
    used = PeriodicTask.objects.get(name=TIER).interval

    said = errors(admin, used, {"every": every, "period": period})

    assert said == [f"A tier is polled at this interval. {sentence}"]


TOO_MANY = (
    "6 receivers every 2 s would need 3 polls a second; Micboard is set to 2 at the most "
    "(MICBOARD_MAX_POLLS_PER_S). Choose 3 s or more."
)


def test_a_tier_is_not_polled_more_often_than_the_machine_can(admin: Client, settings: Settings) -> None:
    settings.MAX_POLLS_PER_S = 2
    make_receivers(6)
    row = PeriodicTask.objects.get(name=TIER)

    assert errors(admin, row, {"interval": interval(2, "seconds").pk}) == [TOO_MANY]
    assert errors(admin, row.interval, {"every": 2}) == [f"A tier is polled at this interval. {TOO_MANY}"]
    assert errors(admin, row, {"interval": interval(3, "seconds").pk}) == []


def test_a_tier_that_is_disabled_needs_nothing_of_the_machine_before_it_is_enabled(
    admin: Client, settings: Settings
) -> None:
    settings.MAX_POLLS_PER_S = 2
    make_receivers(6)
    row = PeriodicTask.objects.get(name=TIER)

    assert errors(admin, row, {"interval": interval(2, "seconds").pk, "enabled": ""}) == []
    row.refresh_from_db()
    assert errors(admin, row, {"enabled": "on"}) == [TOO_MANY]


@pytest.mark.parametrize(("every", "sentence"), [(0, "choose 1 s or more."), (-1, "choose 1 s or more.")])
def test_the_interval_of_a_tier_is_not_nothing(admin: Client, every: int, sentence: str) -> None:
    used = PeriodicTask.objects.get(name=TIER).interval

    (said,) = errors(admin, used, {"every": every})

    assert said.endswith(sentence)


def test_another_interval_is_not_nothing_either(admin: Client, another: PeriodicTask) -> None:
    (said,) = errors(admin, another.interval, {"every": 0})

    assert said == "Choose 1 or more: nothing is done less than once."


@pytest.mark.parametrize(
    ("action", "sentence"),
    [("disable_tasks", "Disabled."), ("enable_tasks", "Enabled."), ("toggle_tasks", "Toggled.")],
)
def test_what_is_done_to_several_entries_is_logged(admin: Client, action: str, sentence: str) -> None:
    rows = PeriodicTask.objects.filter(name__startswith="poll:")

    admin.post(ENTRIES, {"action": action, "_selected_action": [row.pk for row in rows]})

    assert [entry.change_message for entry in LogEntry.objects.all()] == [sentence] * 3


def test_an_interval_of_other_entries_is_as_short_as_anybody_likes(
    admin: Client, another: PeriodicTask
) -> None:
    assert errors(admin, another.interval, {"every": 500, "period": "microseconds"}) == []


@pytest.mark.parametrize("confirmed", [{}, {"post": "yes"}])
def test_a_tier_s_row_is_not_deleted_and_the_page_says_why(
    admin: Client, another: PeriodicTask, confirmed: Mapping[str, str]
) -> None:
    row = PeriodicTask.objects.get(name=TIER)
    chosen = {"action": "delete_selected", "_selected_action": [row.pk, another.pk]}

    page = admin.post(ENTRIES, {**chosen, **confirmed}).content.decode()

    assert "poll:normal: this row sets how often a tier is polled. It stays; disable it instead." in page
    assert PeriodicTask.objects.filter(pk__in=[row.pk, another.pk]).count() == 2


@pytest.mark.parametrize("confirmed", [{}, {"post": "yes"}])
def test_an_interval_takes_no_tier_s_row_with_it(admin: Client, confirmed: Mapping[str, str]) -> None:
    used = PeriodicTask.objects.get(name=TIER).interval
    address = reverse("admin:django_celery_beat_intervalschedule_delete", args=[used.pk])

    page = (admin.post(address, confirmed) if confirmed else admin.get(address)).content.decode()

    assert "poll:normal: this row sets how often a tier is polled." in page
    assert PeriodicTask.objects.filter(name=TIER, interval=used).exists()


def test_any_other_entry_is_deleted(admin: Client, another: PeriodicTask) -> None:
    admin.post(ENTRIES, {"action": "delete_selected", "_selected_action": [another.pk], "post": "yes"})

    assert not PeriodicTask.objects.filter(pk=another.pk).exists()


def test_the_admin_has_the_product_s_name_and_one_kind_of_groups(admin: Client) -> None:
    page = admin.get("/admin/").content.decode()

    assert "Micboard" in page
    assert "Django administration" not in page
    assert page.count(">Groups</a>") == 1


@pytest.mark.parametrize(
    "address", ["/admin/", "/admin/core/receiver/?q=1", "/admin/login/?next=/admin/core/"]
)
def test_there_is_one_sign_in(client: Client, db: None, address: str) -> None:
    del db
    answer = client.get(address, follow=True)

    (*_, (last, _)) = answer.redirect_chain
    assert last.startswith("/sign-in/?next=/admin/")
    assert "Micboard" in answer.content.decode()


def test_who_is_signed_in_but_not_staff_is_refused_in_a_sentence(client: Client, db: None) -> None:
    del db
    client.force_login(User.objects.create(username="olga"))

    answer = client.get("/admin/", follow=True)

    assert answer.status_code == 403
    assert "That is not for you" in answer.content.decode()


def test_the_sign_in_leads_staff_who_are_signed_in_to_the_admin(admin: Client) -> None:
    assert admin.get("/admin/login/")["Location"] == "/admin/"
