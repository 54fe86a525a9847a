"""Adding a server in the admin: the certificate is confirmed first, and the server asked before it is kept."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from core.models import Server
from pollers.inventory import take
from pollers.registration import spaced
from pollers.simulator import Simulator
from tests.fleet import make_server

pytestmark = pytest.mark.django_db

ADD = "/admin/core/server/add/"
INLINE = {f"health-{name}_FORMS": number for name, number in (("TOTAL", 0), ("INITIAL", 0))}


@pytest.fixture
def filled(rack: Simulator, tmp_path: Path) -> dict[str, Any]:
    """What somebody enters who has compared the fingerprint."""
    (tmp_path / "api-key").write_text(rack.api_key)
    return {
        "name": "main",
        "url": rack.url,
        "key_reference": f"file:{tmp_path / 'api-key'}",
        "ca_file": "",
        "pins": spaced(rack.fingerprint),
        "enabled": "on",
        **INLINE,
    }


def errors(root: Client, page: str, entered: dict[str, Any]) -> dict[str, list[str]]:
    answer = root.post(page, entered)
    assert answer.status_code == 200
    told: dict[str, list[str]] = answer.context["adminform"].form.errors
    return told


def test_a_server_that_answers_is_kept_and_the_demo_makes_room(
    root: Client, rack: Simulator, filled: dict[str, Any]
) -> None:
    demo = make_server("demo")

    answer = root.post(ADD, filled | {"url": f"{rack.url.removeprefix('https://')}/"})

    assert answer.status_code == 302
    server = Server.objects.get(name="main")
    assert (server.url, server.pins) == (rack.url, [rack.fingerprint])
    demo.refresh_from_db()
    assert demo.enabled is False


def test_without_a_fingerprint_it_is_shown_and_the_key_is_not_sent(
    root: Client, rack: Simulator, filled: dict[str, Any]
) -> None:
    told = errors(root, ADD, filled | {"pins": ""})

    assert list(told) == ["pins"]
    assert spaced(rack.fingerprint) in told["pins"][0]
    assert rack.counts().requests == {}
    assert not Server.objects.exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"pins": "ab:cd"}, ("pins", "A fingerprint has 64 hexadecimal digits.")),
        ({"pins": "0" * 64}, ("__all__", "shows another certificate than the one that was confirmed")),
        ({"url": "https://127.0.0.1:1"}, ("__all__", "refuses connections")),
        ({"url": "https://127.0.0.1:1", "pins": ""}, ("__all__", "refuses connections")),
        ({"url": "https://rack one"}, ("url", "Write the address as https://HOST:PORT and no more.")),
        ({"key_reference": "the-key-itself"}, ("key_reference", "Say where the key is, not the key itself")),
        ({"key_reference": "file:/nowhere/key"}, ("__all__", "The key file /nowhere/key cannot be read")),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_sentence_and_not_kept(
    root: Client, filled: dict[str, Any], change: dict[str, str], told: tuple[str, str]
) -> None:
    field, sentence = told

    assert sentence in errors(root, ADD, filled | change)[field][0]
    assert not Server.objects.exists()


def test_a_page_is_saved_as_it_was_opened_and_its_certificate_is_replaced_there(
    root: Client, rack: Simulator, filled: dict[str, Any]
) -> None:
    root.post(ADD, filled)
    server = Server.objects.get()
    take(server)
    page = f"/admin/core/server/{server.pk}/change/"
    opened = (
        filled | {f"health-{name}_FORMS": 1 for name in ("TOTAL", "INITIAL")} | {"health-0-server": server.pk}
    )

    assert root.post(page, opened).status_code == 302
    both = f"{rack.fingerprint},{'0' * 64}"
    assert root.post(page, opened | {"pins": both}).status_code == 302

    server.refresh_from_db()
    assert server.pins == both.split(",")


def test_one_server_is_not_added_twice(root: Client, rack: Simulator, filled: dict[str, Any]) -> None:
    root.post(ADD, filled)
    take(Server.objects.get())
    again = filled | {"name": "again"}

    assert errors(root, ADD, again)["url"] == ["The server main is at this address already."]
    by_name = again | {"url": rack.url.replace("127.0.0.1", "localhost")}
    assert "it seems to be the same one" in errors(root, ADD, by_name)["__all__"][0]
    assert Server.objects.count() == 1


def test_what_a_server_is_not_asked_with_is_changed_without_asking(
    root: Client, rack: Simulator, filled: dict[str, Any]
) -> None:
    root.post(ADD, filled)
    server = Server.objects.get()
    rack.reset_counts()

    page = f"/admin/core/server/{server.pk}/change/"
    answer = root.post(page, filled | {"name": "house", "enabled": ""})

    server.refresh_from_db()
    assert (answer.status_code, server.name, server.enabled) == (302, "house", False)
    assert rack.counts().requests == {}

    assert "refuses connections" in errors(root, page, filled | {"url": "https://127.0.0.1:1"})["__all__"][0]
