import json
import re
from collections.abc import Mapping
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from core.models import Group, Pulse
from dashboard.wall import Wish, first_paint
from tests.dashboard.conftest import PASSWORD
from tests.dashboard.stage import Placed, put, show_poller_alive

SHOW = [
    Placed(name="Pastor", slot=2),
    Placed(
        name="Choir L",
        values={"state": "critical", "reasons": ["battery_critical"], "battery_minutes": 22},
        slot=1,
    ),
    Placed(name="<b>\u202eHost", values={"mute_status": True}),
]


class Tiles(HTMLParser):
    """The tiles of a page: the attributes of each, by id."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, Mapping[str, str | None]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "article" and (id_ := attributes.get("id")):
            self.found[id_] = attributes


def snapshot_in(page: str) -> dict[str, Any]:
    found = re.search(r'<script id="snapshot" type="application/json">(.*?)</script>', page)
    assert found
    snapshot: dict[str, Any] = json.loads(found[1])
    return snapshot


@pytest.mark.parametrize("path", ["/", "/wall/", "/wall/?kiosk=1", "/admin/", "/nowhere/"])
def test_nobody_sees_anything_without_signing_in(committed: None, client: Client, path: str) -> None:
    del committed
    put(SHOW)

    answer = client.get(path, follow=True)

    assert b"Choir L" not in answer.content
    assert b"SHURE001" not in answer.content
    assert answer.status_code == (404 if path == "/nowhere/" else 200)


def test_a_page_leads_to_the_sign_in_and_back(operator: User, client: Client) -> None:
    away = client.get("/wall/?group=&theme=light")
    back = client.post(away["Location"], {"username": operator.username, "password": PASSWORD})

    assert away["Location"] == "/sign-in/?next=/wall/%3Fgroup%3D%26theme%3Dlight"
    assert back["Location"] == "/wall/?group=&theme=light"


@pytest.mark.parametrize(
    "elsewhere", ["https://example.org/", "//example.org", "javascript:alert(1)", "/\\example.org"]
)
def test_signing_in_leads_to_no_other_site(operator: User, client: Client, elsewhere: str) -> None:
    answer = client.post(
        "/sign-in/", {"username": operator.username, "password": PASSWORD, "next": elsewhere}
    )

    assert answer["Location"] == "/wall/"


@pytest.mark.parametrize(
    ("password", "sentence"),
    [("wrong", "That user name and password do not belong together."), ("", "Fill in both")],
)
def test_a_failed_sign_in_says_why(operator: User, client: Client, password: str, sentence: str) -> None:
    answer = client.post("/sign-in/", {"username": operator.username, "password": password})

    assert sentence in answer.content.decode()
    assert f'value="{operator.username}"' in answer.content.decode()


def test_signing_out_takes_a_post(browser: Client) -> None:
    assert browser.get("/sign-out/").status_code == 405
    assert browser.post("/sign-out/")["Location"] == "/sign-in/"
    assert browser.get("/wall/").status_code == 302


def test_home_is_the_wall_with_the_same_wishes(browser: Client) -> None:
    assert browser.get("/?theme=light")["Location"] == "/wall/?theme=light"


def test_the_first_paint_is_the_snapshot(browser: Client) -> None:
    put(SHOW)

    page = browser.get("/wall/").content.decode()

    snapshot = snapshot_in(page)
    expected = first_paint(snapshot, Wish.from_query({}))
    assert [row["name"] for row in snapshot["devices"]] == ["Pastor", "Choir L", "<b>\u202eHost"]
    assert [(id_, tile["data-state"], tile["aria-label"]) for id_, tile in Tiles(page).found.items()] == [
        (f"device-{face.id}", face.state, face.label) for face in expected.tiles
    ]


def test_a_tile_always_has_the_elements_that_the_guide_looks_for(browser: Client) -> None:
    put(
        [
            Placed(
                name="Quiet",
                values=dict.fromkeys(("battery_level", "battery_bars", "battery_minutes", "rf_signal")),
            )
        ]
    )

    page = browser.get("/wall/").content.decode()

    for part in ("battery-bar", "signal-icon", "last-update"):
        # In the tile, and in the template of those to come.
        assert len(re.findall(rf'class="{part}\b', page)) == 2


def test_a_hostile_name_is_text(browser: Client) -> None:
    put(SHOW)

    page = browser.get("/wall/").content.decode()

    assert "&lt;b&gt;\\u202EHost" in page
    assert "<b>\u202eHost" not in page
    assert "\u202e" not in re.sub(r'<script id="snapshot".*?</script>', "", page)


def test_a_group_s_wall_has_its_slots_in_order(browser: Client) -> None:
    put(SHOW)

    page = browser.get("/wall/?group=stage-left").content.decode()

    assert list(Tiles(page).found) == ["device-SHURE002", "device-SHURE001"]
    assert "<bdi>Stage Left</bdi>" in page


def test_the_menu_leads_to_other_walls_that_look_the_same(browser: Client) -> None:
    put(SHOW)

    page = browser.get("/wall/?group=stage-left&theme=light&fit=3m&sort=name").content.decode()

    assert 'href="/wall/?theme=light&amp;fit=3m&amp;sort=name">All channels' in page
    assert (
        'href="/wall/?group=stage-left&amp;theme=light&amp;fit=3m&amp;sort=name" aria-current="page">' in page
    )


def test_a_group_s_title_neither_hides_nor_reorders_anything(browser: Client, operator: User) -> None:
    operator.is_staff = True
    operator.save()
    Group.objects.create(slug="left", title="\u202etfel & מקהלה")

    page = browser.get("/wall/?group=left").content.decode()

    # In the heading, in the menu, and in what an empty wall says.
    assert page.count("<bdi>\\u202Etfel &amp; מקהלה</bdi>") == 3
    assert "\u202e" not in page


def test_an_empty_wall_claims_no_age(browser: Client) -> None:
    assert '<span class="bound"></span>' in browser.get("/wall/").content.decode()


def test_a_group_that_there_is_not_is_told_in_a_sentence(browser: Client) -> None:
    answer = browser.get("/wall/?group=nowhere")

    assert answer.status_code == 404
    assert "There is no group of that name." in answer.content.decode()


def test_tiles_beyond_the_first_page_wait_hidden(browser: Client) -> None:
    put([Placed(name=f"Mic {number}") for number in range(25)])

    tiles = Tiles(browser.get("/wall/").content.decode()).found

    assert [id_ for id_, tile in tiles.items() if "hidden" in tile] == ["device-SHURE025"]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_wall_costs_the_same_statements_whatever_its_size(
    browser: Client, channels: int, django_assert_num_queries: Any
) -> None:
    put([Placed(name=f"Mic {number}") for number in range(channels)])

    with django_assert_num_queries(
        11
    ):  # session, user, places, groups; begin, isolation, head, rows, alerts, commit; mutes
        browser.get("/wall/")


def test_an_empty_wall_says_what_to_do_next(browser: Client, operator: User) -> None:
    assert "Ask an admin to add your Shure System API server" in browser.get("/wall/").content.decode()

    operator.is_staff = True
    operator.save()
    assert '<a href="/admin/core/server/add/">' in browser.get("/wall/").content.decode()


def test_only_staff_are_led_to_the_admin(browser: Client, operator: User) -> None:
    assert 'href="/admin/"' not in browser.get("/wall/").content.decode()

    operator.is_staff = True
    operator.save()
    assert 'href="/admin/"' in browser.get("/wall/").content.decode()


def test_a_wall_is_not_kept_by_the_browser(browser: Client) -> None:
    assert "no-store" in browser.get("/wall/")["Cache-Control"]


@pytest.mark.django_db
def test_whether_it_is_ready_is_told_without_a_sign_in_with_what_is_in_the_way(client: Client) -> None:
    show_poller_alive(ago=timedelta(seconds=1))
    ready = client.get("/readyz")
    Pulse.objects.filter(part="beat").delete()
    unready = client.get("/readyz")

    assert (ready.status_code, ready.json()) == (200, {"ready": True, "complaints": []})
    assert unready.status_code == 503
    assert unready.json() == {
        "ready": False,
        "complaints": [
            "beat has not shown itself for more than 10 s: no poll is sent: is the process beat running?"
        ],
    }
    assert "no-store" in ready["Cache-Control"]


def test_the_pulse_needs_neither_a_sign_in_nor_the_database(client: Client) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok")


@pytest.mark.parametrize("path", ["/sign-in/", "/healthz", "/nowhere/"])
def test_every_answer_says_what_it_may_load(committed: None, client: Client, path: str) -> None:
    del committed
    policy = client.get(path)["Content-Security-Policy"]

    assert policy.split("; ") == [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]


def test_a_forged_form_is_refused_in_a_sentence(operator: User) -> None:
    client = Client(enforce_csrf_checks=True)

    answer = client.post("/sign-in/", {"username": operator.username, "password": PASSWORD})

    assert answer.status_code == 403
    assert "That form was too old" in answer.content.decode()
