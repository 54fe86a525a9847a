"""Integrators' tokens: made in the admin and by the command, shown once, revoked."""

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.postgres.functions import TransactionNow
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import clock
from core.access import create_token, digest_of, principal_of_token
from core.models import Token
from tests.conftest import SignInAsStaff

pytestmark = pytest.mark.django_db

SECRET = re.compile(r"mic_[\w-]{43}")
LIST = "/admin/core/token/"
NEVER = {"expires_at_0": "", "expires_at_1": ""}


def add(client: Client, **told: str) -> str:
    """Send the form, and return the page that answers."""
    answer = client.post(f"{LIST}add/", {"name": "lobby", "scopes": "", **NEVER, **told})
    assert answer.status_code == 200
    return answer.content.decode()


# In the admin


def test_a_new_token_is_shown_once_and_only_its_digest_is_kept(root: Client) -> None:
    page = add(root, scopes="location:main-a\n\n  group:band\r\nlocation:main-a")

    (secret,) = SECRET.findall(page)
    token = Token.objects.get()
    assert (token.name, token.scopes, token.created_by, token.expires_at) == (
        *("lobby", ["location:main-a", "group:band"]),
        *(User.objects.get(), None),
    )
    assert token.digest == digest_of(secret)
    assert "location:main-a, group:band" in page
    for shown in (LIST, f"{LIST}{token.pk}/change/", f"{LIST}{token.pk}/history/"):
        assert not SECRET.search(root.get(shown).content.decode())
    assert not any(SECRET.search(cookie.OutputString()) for cookie in root.cookies.values())


def test_a_page_that_shows_a_secret_is_not_kept_by_the_browser(root: Client) -> None:
    answer = root.post(f"{LIST}add/", {"name": "lobby", "scopes": "", **NEVER})

    assert SECRET.search(answer.content.decode())
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_new_token_may_end_by_itself(root: Client) -> None:
    add(root, expires_at_0="2999-01-31", expires_at_1="12:00:00")

    assert Token.objects.get().expires_at == datetime(2999, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"scopes": "main-a"}, "A scope is location:NAME, group:NAME or device:ID, not &#x27;main-a&#x27;."),
        ({"scopes": "device:" + "x" * 100}, "A scope has at most 100 characters."),
        ({"expires_at_0": "2001-01-31", "expires_at_1": "12:00"}, "That is past."),
    ],
)
def test_what_a_token_cannot_be_is_said_in_a_sentence(
    root: Client, told: dict[str, str], sentence: str
) -> None:
    page = add(root, **told)

    assert sentence in page
    assert not Token.objects.exists()


def test_only_the_name_of_a_token_changes(root: Client) -> None:
    token, _ = create_token("lobby", scopes=["location:main-a"])
    before = Token.objects.values().get()

    told = {"name": "foyer", "scopes": "", "may_see": "", "revoked_at": "", "digest": "x", **NEVER}
    answer = root.post(f"{LIST}{token.pk}/change/", told)

    assert answer.status_code == 302
    assert Token.objects.values().get() == {**before, "name": "foyer"}
    assert "location:main-a" in root.get(f"{LIST}{token.pk}/change/").content.decode()


def test_the_list_says_what_each_may_see_and_whether_it_is_good(root: Client) -> None:
    now = clock.now()
    create_token("good", scopes=["location:main-a"], created_by=User.objects.get().pk)
    create_token("over", expires_at=now)
    revoked, _ = create_token("revoked")
    Token.objects.filter(pk=revoked.pk).update(revoked_at=now)

    page = root.get(LIST).content.decode()

    rows = re.findall(
        r'class="field-name">.*?>(\w+)</a>.*?field-may_see">(.*?)<.*?standing">(.*?)<.*?created_by[^>]*>(?:<a[^>]*>)?([\w-]+)',
        page,
    )
    assert rows == [
        ("good", "location:main-a", "good", "root"),
        ("over", "everything", "past its end", "-"),
        ("revoked", "everything", "revoked", "-"),
    ]


@pytest.mark.parametrize("act", ["look", "revoke", "delete"])
def test_a_page_costs_the_same_statements_with_one_row_and_with_three(root: Client, act: str) -> None:
    creator = User.objects.get().pk

    def statements() -> int:
        chosen = list(Token.objects.values_list("pk", flat=True))
        action = {"revoke": "revoke", "delete": "delete_selected"}.get(act)
        with CaptureQueriesContext(connection) as counted:
            if action is None:
                answer = root.get(LIST)
            else:
                answer = root.post(LIST, {"action": action, "_selected_action": chosen})
        assert answer.status_code == 200
        return len(counted)

    create_token("one", created_by=creator)
    with_one = statements()
    create_token("two", created_by=creator)
    create_token("three", created_by=creator)

    assert statements() == with_one


def test_what_is_revoked_is_listed_first_and_nothing_happens_before(root: Client) -> None:
    good, _ = create_token("lobby", scopes=["location:main-a"])
    other, _ = create_token("foyer")
    over, _ = create_token("attic")
    Token.objects.filter(pk=over.pk).update(revoked_at=TransactionNow())

    chosen = {"action": "revoke", "_selected_action": [good.pk, over.pk]}
    page = root.post(LIST, chosen).content.decode()

    table = page[page.index("<tbody>") : page.index("</tbody>")]
    assert "lobby" in table
    assert "location:main-a" in table
    assert "attic" not in table
    assert "foyer" not in table
    assert re.findall(r'name="_selected_action" value="(\d+)"', page) == [str(good.pk)]
    assert set(Token.objects.filter(revoked_at=None)) == {good, other}


def test_who_confirms_revokes_and_it_is_in_the_log(root: Client) -> None:
    token, secret = create_token("lobby")
    _, other_secret = create_token("foyer")

    answer = root.post(
        LIST,
        {"action": "revoke", "_selected_action": [token.pk], "confirmed": "Revoke 1 token"},
        follow=True,
    )

    assert "1 token opens nothing any more; sockets close within seconds." in answer.content.decode()
    assert principal_of_token(secret) is None
    assert principal_of_token(other_secret) is not None
    assert [(entry.object_repr, entry.change_message) for entry in LogEntry.objects.all()] == [
        ("lobby", "Revoked.")
    ]


def test_what_is_revoked_stays_revoked_when_it_was(root: Client) -> None:
    token, _ = create_token("lobby")
    Token.objects.update(revoked_at=TransactionNow() - timedelta(days=1))
    before = Token.objects.get().revoked_at

    answer = root.post(
        LIST, {"action": "revoke", "_selected_action": [token.pk], "confirmed": "yes"}, follow=True
    )

    assert "These are revoked already." in answer.content.decode()
    assert Token.objects.get().revoked_at == before
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    ("permissions", "revoked"), [(["view_token"], False), (["view_token", "change_token"], True)]
)
def test_who_may_change_a_token_may_revoke_it(
    staff: SignInAsStaff,
    permissions: list[str],
    revoked: bool,  # noqa: FBT001
) -> None:
    token, _ = create_token("lobby")

    staff(*permissions).post(LIST, {"action": "revoke", "_selected_action": [token.pk], "confirmed": "yes"})

    assert Token.objects.filter(revoked_at=None).exists() is not revoked


def test_who_may_not_add_a_token_makes_none(staff: SignInAsStaff) -> None:
    sam = staff("view_token", "change_token")

    assert sam.post(f"{LIST}add/", {"name": "mine", "scopes": "", **NEVER}).status_code == 403
    assert not Token.objects.exists()


def test_a_token_is_deleted_only_after_it_was_revoked(root: Client) -> None:
    token, _ = create_token("lobby")
    many = {"action": "delete_selected", "_selected_action": [token.pk], "post": "yes"}

    assert "lobby: revoke it first." in root.post(LIST, many).content.decode()
    assert root.post(f"{LIST}{token.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Token.objects.exists()

    Token.objects.update(revoked_at=TransactionNow())
    root.post(LIST, many)
    assert not Token.objects.exists()


# By the command


def made(*args: str) -> tuple[Token, str, str]:
    """Run `create_token`, and return what it made, what it showed and what it said."""
    stdout, stderr = io.StringIO(), io.StringIO()
    call_command("create_token", *args, stdout=stdout, stderr=stderr)
    return Token.objects.get(), stdout.getvalue(), stderr.getvalue()


def test_the_command_shows_the_secret_alone() -> None:
    token, shown, said = made("lobby screen")

    assert shown == f"{SECRET.findall(shown)[0]}\n"
    assert token.digest == digest_of(shown.strip())
    assert (token.name, token.scopes, token.expires_at) == ("lobby screen", [], None)
    assert "sees everything, until it is revoked." in said


def test_the_command_holds_a_token_to_parts() -> None:
    token, _, said = made("lobby", "--scope", "location:main-a", "--scope", "group:band")

    assert token.scopes == ["location:main-a", "group:band"]
    assert "sees location:main-a, group:band, until" in said


@pytest.mark.parametrize(
    ("expires", "span"),
    [("30d", timedelta(days=30)), ("12h", timedelta(hours=12)), ("1d", timedelta(days=1))],
)
def test_the_command_ends_a_token_after_a_while(expires: str, span: timedelta) -> None:
    token, _, _ = made("lobby", "--expires", expires)

    assert token.expires_at == clock.now() + span


def test_the_command_ends_a_token_with_a_day() -> None:
    token, _, said = made("lobby", "--expires", "2999-01-31")

    assert token.expires_at == datetime(2999, 2, 1, tzinfo=UTC)
    assert "until 2999-02-01 00:00 UTC" in said


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["lobby", "--expires", ""], "--expires takes 30d, 12h or a day such as 2027-01-31, not ''."),
        (["lobby", "--expires", "30"], "--expires takes 30d, 12h or a day such as 2027-01-31, not '30'."),
        (
            ["lobby", "--expires", "9999-12-31"],
            "--expires takes 30d, 12h or a day such as 2027-01-31, not '9999-12-31'.",
        ),
        (
            ["lobby", "--expires", "2027-02-30"],
            "--expires takes 30d, 12h or a day such as 2027-01-31, not '2027-02-30'.",
        ),
        (["lobby", "--expires", "2001-01-31"], "--expires 2001-01-31 is over already."),
        (["lobby", "--expires", "0d"], "--expires 0d is over already."),
        (
            ["lobby", "--scope", "main-a"],
            "A scope is location:NAME, group:NAME or device:ID, not 'main-a'.",
        ),
        ([" "], "Give the token a name that tells what uses it."),
        (["x" * 101], "A token's name has at most 100 characters."),
    ],
)
def test_what_the_command_cannot_do_it_says_in_a_sentence(args: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=f"^{re.escape(sentence)}$"):
        made(*args)

    assert not Token.objects.exists()
