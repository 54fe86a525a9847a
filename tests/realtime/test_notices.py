"""Messages about alerts: what is written with them, and how it reaches mailboxes and webhooks."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.postgres.functions import TransactionNow
from django.db import connection
from django.db.models import F

from core import claims, notices
from core.access import Principal
from core.alerting import acknowledge, mute, unmute
from core.domain.outcome import judge
from core.domain.reading import Reading
from core.domain.state import Severity
from core.models import (
    Alert,
    Claim,
    Destination,
    Group,
    Location,
    Mute,
    Notice,
    Receiver,
    Server,
    ServerHealth,
    Slot,
)
from core.outages import tell_outages
from core.recording import ServerAnswer, record
from realtime.notices import deliver, slack_shaped, without_secrets
from tests.fleet import answered, channels_of, heard, make_receivers, silent
from tests.sinks import Mailbox, Webhook, mailbox, webhook

pytestmark = pytest.mark.django_db

SAM = Principal(name="sam", user_id=7)
WELL = answered(*(heard(number) for number in range(1, 5)))
DRAINED = answered(heard(1, battery_minutes=12), *(heard(number) for number in (2, 3, 4)))
QUARTER = timedelta(minutes=15)


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as box:
        yield box


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as hook:
        yield hook


@pytest.fixture
def mail(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Destination:
    monkeypatch.setenv("RACK_MAIL", box.address)
    return Destination.objects.create(name="rack", address_reference="env:RACK_MAIL")


@pytest.fixture
def chat(hook: Webhook, tmp_path: Path) -> Destination:
    (tmp_path / "chat").write_text(hook.address + "\n")
    return Destination.objects.create(name="chat", address_reference=f"file:{tmp_path / 'chat'}")


def poll(reading: Reading, *, times: int = 1) -> None:
    """Poll the receivers, each with this reading."""
    for _ in range(times):
        Claim.objects.update(wanted=True, inflight_until=None)
        for due in claims.claim_due(10)[0]:
            started = claims.start(receiver_id=due.receiver_id, claim_seq=due.claim_seq)
            assert started is not None
            outcome = judge(started.known, reading)
            assert record(started, outcome, memory={}, server=ServerAnswer(ok=True, latency_ms=12))


def fleet(reading: Reading = WELL) -> Receiver:
    (receiver,) = make_receivers()
    poll(reading)
    return receiver


def pass_time(minutes: float) -> None:
    """Let everything have happened this much earlier: the database's time stands still in a test."""
    ago = timedelta(minutes=minutes)
    Notice.objects.update(created_at=F("created_at") - ago, next_try_at=F("next_try_at") - ago)
    Destination.objects.update(busy_until=F("busy_until") - ago)
    Mute.objects.update(created_at=F("created_at") - ago, until=F("until") - ago)
    Alert.objects.update(
        muted_until=F("muted_until") - ago,
        resolved_at=F("resolved_at") - ago,
        changed_at=F("changed_at") - ago,
    )
    Destination.objects.update(told_from=F("told_from") - ago)


def written() -> list[tuple[str, str]]:
    return list(Notice.objects.order_by("id").values_list("kind", "severity"))


def test_a_low_battery_is_told_by_mail_with_what_it_is_about(mail: Destination, box: Mailbox) -> None:
    receiver = fleet()
    poll(DRAINED)

    assert deliver() == 1

    (told,) = box.mails
    alert = Alert.objects.get()
    assert told["Subject"] == "Critical: Vox 1: 12 minutes left"
    assert (told["To"], "board@micboard.example" in told["From"]) == ("rack@micboard.example", True)
    plain = told.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().splitlines()[:3] == [
        "Critical: Vox 1: 12 minutes left",
        f"{receiver.code}, channel 1",
        f"Since {alert.since:%Y-%m-%d %H:%M:%S} UTC",
    ]
    notice = Notice.objects.get()
    assert (notice.state, notice.attempts, notice.answer, notice.destination) == (
        "sent",
        1,
        "Delivered.",
        mail,
    )


def test_a_webhook_is_sent_what_slack_takes(chat: Destination, hook: Webhook) -> None:
    receiver = fleet()
    poll(DRAINED)

    assert deliver() == 1

    since = f"{Alert.objects.get().since:%Y-%m-%d %H:%M:%S} UTC"
    text = f"Critical: Vox 1: 12 minutes left\n{receiver.code}, channel 1\nSince {since}"
    assert hook.posts == [{"text": text}]
    assert Notice.objects.get().destination == chat


@pytest.mark.usefixtures("mail", "chat")
def test_a_dead_receiver_of_four_channels_is_one_mail_and_one_post(box: Mailbox, hook: Webhook) -> None:
    fleet()
    poll(silent(), times=4)

    assert deliver() == 2
    assert deliver() == 0

    assert Alert.objects.count() == 1
    assert len(box.mails) == 1
    (post,) = hook.posts
    assert post["text"].count("Vox") == 4


@pytest.mark.usefixtures("chat")
def test_what_was_told_is_told_to_be_over(hook: Webhook) -> None:
    fleet()
    poll(DRAINED)
    deliver()
    poll(WELL)

    assert deliver() == 1

    assert hook.posts[1]["text"].startswith("Over: Vox 1: 12 minutes left\n")
    assert "\nOver at " in hook.posts[1]["text"]


@pytest.mark.usefixtures("chat")
def test_an_alert_that_comes_and_goes_is_told_once_in_ten_minutes() -> None:
    fleet()
    for _ in range(5):
        poll(DRAINED)
        poll(WELL)
    poll(DRAINED)
    deliver()

    assert Alert.objects.count() == 6
    assert written() == [("opened", "critical"), ("resolved", "critical")]
    pass_time(minutes=notices.AGAIN_AFTER_MIN)
    deliver()
    assert written()[2:] == [("opened", "critical")]


def test_what_gets_worse_is_told_again_and_a_warning_only_to_who_wants_it(
    chat: Destination, mail: Destination
) -> None:
    Destination.objects.filter(pk=chat.pk).update(severity=Severity.WARNING)
    fleet()
    poll(DRAINED)
    Notice.objects.all().delete()
    Alert.objects.update(severity="warning")
    notices.put_held_back()

    Alert.objects.update(severity="critical")
    notices.put_held_back()

    rows = list(Notice.objects.order_by("id").values_list("destination", "kind", "severity"))
    assert rows[0] == (chat.pk, "opened", "warning")
    assert sorted(rows[1:]) == sorted([(chat.pk, "worse", "critical"), (mail.pk, "opened", "critical")])


@pytest.mark.usefixtures("chat")
def test_nobody_is_told_in_a_mute_but_of_what_is_still_open_when_it_ends(hook: Webhook) -> None:
    fleet()
    mute(None, lasting=QUARTER, by=SAM, reason="line check")
    poll(DRAINED)
    assert deliver() == 0
    assert written() == []

    pass_time(minutes=15.1)

    assert deliver() == 1
    assert len(hook.posts) == 1
    assert deliver() == 0


@pytest.mark.usefixtures("chat")
def test_what_opened_and_ended_in_a_mute_is_told_to_nobody() -> None:
    fleet()
    muted = mute(None, lasting=QUARTER, by=SAM, reason="line check")
    poll(DRAINED)
    poll(WELL)
    unmute(muted.pk, by=SAM)

    assert deliver() == 0
    assert written() == []


@pytest.mark.usefixtures("chat")
def test_what_was_told_and_ended_in_a_mute_is_told_to_be_over_when_that_ends() -> None:
    fleet()
    poll(DRAINED)
    deliver()
    mute(None, lasting=QUARTER, by=SAM, reason="line check")
    poll(WELL)
    assert deliver() == 0

    pass_time(minutes=15.1)

    assert deliver() == 1
    assert written() == [("opened", "critical"), ("resolved", "critical")]


@pytest.mark.usefixtures("chat")
def test_nobody_is_told_of_what_somebody_took_over_in_a_mute() -> None:
    fleet()
    muted = mute(None, lasting=QUARTER, by=SAM, reason="line check")
    poll(DRAINED)
    acknowledge(Alert.objects.get().pk, by=SAM, reason="mine")
    unmute(muted.pk, by=SAM)

    assert deliver() == 0


def test_a_destination_is_told_of_its_own_location_or_group_alone(chat: Destination) -> None:
    receiver = fleet()
    hall, foyer = (Location.objects.create(slug=slug, title=slug) for slug in ("hall", "foyer"))
    left, right = (Group.objects.create(slug=slug, title=slug) for slug in ("left", "right"))
    Receiver.objects.update(location=hall)
    Slot.objects.create(group=left, channel=channels_of(receiver)[0], number=1)
    Slot.objects.create(group=right, channel=channels_of(receiver)[1], number=1)
    for place in (hall, foyer):
        Destination.objects.create(name=place.slug, address_reference="env:NOWHERE", location=place)
    for group in (left, right):
        Destination.objects.create(name=group.slug, address_reference="env:NOWHERE", group=group)

    poll(DRAINED)

    assert set(Notice.objects.values_list("destination__name", flat=True)) == {"chat", "hall", "left"}
    assert chat.location is None


def test_a_new_destination_is_not_told_of_what_is_open_already(chat: Destination) -> None:
    fleet()
    Destination.objects.update(enabled=False)
    poll(DRAINED)
    pass_time(minutes=1)
    Destination.objects.filter(pk=chat.pk).update(enabled=True, told_from=TransactionNow())

    assert deliver() == 0


@pytest.mark.usefixtures("chat")
def test_what_does_not_arrive_is_tried_again_after_1_5_15_and_60_minutes(hook: Webhook) -> None:
    fleet()
    poll(DRAINED)
    hook.status = 503

    for tries, wait_min in enumerate((1, 5, 15, 60, 60), start=1):
        assert deliver() == 0
        assert deliver() == 0
        assert len(hook.posts) == tries
        pass_time(minutes=wait_min - 0.1)
        assert deliver() == 0
        assert len(hook.posts) == tries
        pass_time(minutes=0.1)
    hook.status = 200

    assert deliver() == 1
    notice = Notice.objects.get()
    assert (notice.state, notice.attempts, notice.answer) == ("sent", 6, "Delivered.")


@pytest.mark.usefixtures("chat")
def test_after_a_day_it_is_given_up_and_said(hook: Webhook, caplog: pytest.LogCaptureFixture) -> None:
    fleet()
    poll(DRAINED)
    hook.status = 503
    deliver()
    Destination.objects.update(enabled=False)
    pass_time(minutes=24 * 60 + 1)

    deliver()

    notice = Notice.objects.get()
    assert notice.state == "failed"
    assert notice.answer.startswith("Given up after a day. ")
    assert "503" in notice.answer
    assert [one.getMessage() for one in caplog.records if one.name == "realtime.notices"] == [
        "chat was not told of 1 alerts: it could not be reached for a day."
    ]


@pytest.mark.usefixtures("mail")
def test_an_end_is_never_told_before_the_beginning(box: Mailbox) -> None:
    fleet()
    poll(DRAINED)
    box.refuses = "451 later"
    deliver()
    box.refuses = ""
    poll(WELL)

    assert deliver() == 0
    pass_time(minutes=1)
    assert deliver() == 2

    assert [mail["Subject"].split(":")[0] for mail in box.mails] == ["Critical", "Over"]


@pytest.mark.usefixtures("mail")
def test_what_a_mail_server_says_is_kept(box: Mailbox) -> None:
    fleet()
    poll(DRAINED)
    box.refuses = "550 nobody of that name"

    deliver()

    assert "nobody of that name" in Notice.objects.get().answer


def test_no_secret_is_told_when_a_webhook_is_away(
    chat: Destination, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "chat").write_text("http://sam:pass%20word@127.0.0.1:9/services/T0AAA/verysecret?key=hidden")
    fleet()
    poll(DRAINED)

    logging.getLogger().setLevel(logging.DEBUG)
    try:
        deliver()
    finally:
        logging.getLogger().setLevel(logging.INFO)

    answer = Notice.objects.get().answer
    assert "127.0.0.1" in answer
    said = f"{answer} {capfd.readouterr()}"
    assert [word for word in ("T0AAA", "verysecret", "hidden", "word") if word in said] == []
    assert chat.address_reference in repr(Destination.objects.values("address_reference"))


def test_an_address_that_is_not_there_is_told_with_what_to_do() -> None:
    Destination.objects.create(name="rack", address_reference="env:NOT_SET")
    fleet()
    poll(DRAINED)

    assert deliver() == 0

    notice = Notice.objects.get()
    assert (notice.state, notice.answer) == (
        "waiting",
        "Set the environment variable NOT_SET to the destination's address, for the workers too.",
    )


@pytest.mark.parametrize("address", ["nonsense", "json:///", "unknown://host/x"])
def test_an_address_that_is_none_is_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RACK_MAIL", address)
    notices.put_test(Destination.objects.create(name="rack", address_reference="env:RACK_MAIL"))

    assert deliver() == 0

    assert Notice.objects.get().answer == "Its address is none that Apprise knows."


@pytest.mark.usefixtures("mail", "chat")
def test_hostile_names_are_text_in_mails_and_posts(box: Mailbox, hook: Webhook) -> None:
    name = "<script>\u202e=1+1 <!channel> 🎤\r\nBcc: all@micboard.example"
    fleet()
    poll(answered(heard(1, name=name, battery_minutes=12), *(heard(number) for number in (2, 3, 4))))

    assert deliver() == 2

    (told,) = box.mails
    assert told["Subject"].startswith("Critical: <script>\\u202e=1+1 <!channel> 🎤")
    assert told["Bcc"] is None
    html = told.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
    assert hook.posts[0]["text"].startswith("Critical: &lt;script&gt;\\u202e=1+1 &lt;!channel&gt; 🎤")


@pytest.mark.usefixtures("chat")
def test_a_destination_that_somebody_else_is_at_is_left_to_them(hook: Webhook) -> None:
    fleet()
    poll(DRAINED)
    Destination.objects.update(busy_until=TransactionNow() + timedelta(minutes=1))

    assert deliver() == 0
    pass_time(minutes=1.1)

    assert deliver() == 1
    assert len(hook.posts) == 1


def test_a_test_is_told_as_one(mail: Destination, box: Mailbox) -> None:
    notices.put_test(mail)

    assert deliver() == 1

    assert box.mails[0]["Subject"] == "Test from Micboard"


def test_slacks_json_goes_to_addresses_of_the_web_alone() -> None:
    assert slack_shaped("https://x.example/a?b=c").startswith("jsons://x.example/a?b=c&%3Amessage=text")
    assert slack_shaped("mailto://x.example") == "mailto://x.example"


def test_short_words_of_an_address_are_left_where_they_stand() -> None:
    assert without_secrets(
        "POST to host.example/abc failed: longsecret", "https://host.example/abc/longsecret"
    ) == ("POST to host.example/abc failed: …")


@pytest.mark.usefixtures("mail")
def test_a_server_that_is_down_is_told_to_who_wants_warnings(box: Mailbox) -> None:
    fleet()
    Destination.objects.update(severity=Severity.WARNING)
    ServerHealth.objects.update_or_create(
        server=Server.objects.get(),
        defaults={"status": "disconnected", "failures": 5, "detail": "It is silent."},
    )

    with connection.cursor() as cursor:
        tell_outages(cursor)
    assert deliver() == 1
    ServerHealth.objects.update(status="connected", failures=0)
    with connection.cursor() as cursor:
        tell_outages(cursor)
    assert deliver() == 1

    subject = "No answer from the server main. It is silent."
    assert [mail["Subject"] for mail in box.mails] == [f"Warning: {subject}", f"Over: {subject}"]
    plain = box.mails[0].get_body(("plain",))
    assert plain is not None
    assert plain.get_content().splitlines()[1] == "server main"
