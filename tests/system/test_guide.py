"""The guide's own clients stay right with alerts opening and clearing between updates, for every family."""

from collections.abc import Iterator

import pytest

from core.domain.state import AlertState, Rule
from pollers.simulator.families import FAMILIES
from tests.system.browsing import signed_in_page
from tests.system.clients import CLIENTS
from tests.system.families import PLENTY_MINUTES, TOO_FEW_MINUTES, EveryFamily
from tests.system.seen import Seen
from tests.system.show import tell_of_the_server

OFTEN_S = 2


@pytest.fixture
def often(every_family: EveryFamily) -> Iterator[EveryFamily]:
    every_family.show.poll_every(OFTEN_S)
    yield every_family
    every_family.begin_anew()


@pytest.fixture
def pages(often: EveryFamily) -> Iterator[list[Seen]]:
    """A page with each of the guide's clients, all open at once, and right about how everything is at first."""
    stack = often.show.stack
    with signed_in_page(stack) as page:
        context = page.context
        seen = [
            Seen(context.new_page(), client, stack=stack, device_ids=list(often.parts)) for client in CLIENTS
        ]
        for each in seen:
            each.expect(often.told())
        yield seen
        for each in seen:
            each.expect_that_nothing_was_ever_wrong()


def test_a_value_reaches_the_place_of_its_channel_and_no_other(often: EveryFamily, pages: list[Seen]) -> None:
    at_first = [page.expect(often.told()) for page in pages]
    halves = list(often.parts)[0::2], list(often.parts)[1::2]

    for half in halves:
        tell_of_the_server_between(often, pages)
        often.set(lambda part: part.then, half)
        at_last = [page.expect(often.told()) for page in pages]

    assert {part.family.name for part in often.parts.values()} == {family.name for family in FAMILIES}
    for before, after in zip(at_first, at_last, strict=True):
        assert [device_id for device_id in often.parts if before[device_id] == after[device_id]] == []


def test_battery_alerts_open_and_clear_between_updates(often: EveryFamily, pages: list[Seen]) -> None:
    in_use = {device_id for device_id, part in often.parts.items() if part.is_in_use}

    often.set(lambda _: {"battery_minutes": TOO_FEW_MINUTES}, in_use)
    expect_alerts(pages, Rule.BATTERY_LOW, AlertState.OPEN, in_use)
    expect_shown(often, pages)  # an alert is no update of its channel
    tell_of_the_server_between(often, pages)
    often.set(lambda part: {**part.then, "battery_minutes": TOO_FEW_MINUTES})
    expect_shown(often, pages)

    often.set(lambda _: {"battery_minutes": PLENTY_MINUTES}, in_use)
    expect_alerts(pages, Rule.BATTERY_LOW, AlertState.RESOLVED, in_use)
    expect_shown(often, pages)
    tell_of_the_server_between(often, pages)
    often.set(lambda part: part.first)
    expect_shown(often, pages)


@pytest.mark.parametrize("half", [0, 1])
def test_receivers_that_go_offline_and_come_back_keep_their_own_values(
    often: EveryFamily, pages: list[Seen], half: int
) -> None:
    gone = set(list(often.receivers())[half::2])
    last_told = {
        device_id: told
        for device_id, told in often.told().items()
        # Of a device that its server alone knows, the server goes on to tell.
        if device_id.partition("-")[0] in gone and often.parts[device_id].family.speaks
    }

    for receiver_id in gone:
        often.switch_off(receiver_id)
    expect_alerts(pages, Rule.RECEIVER_OFFLINE, AlertState.OPEN, gone)
    expect_shown(often, pages)
    tell_of_the_server_between(often, pages)
    often.set(lambda part: part.then)
    for page in pages:
        page.expect(often.told() | last_told)

    for receiver_id in gone:
        often.switch_on(receiver_id)
    expect_alerts(pages, Rule.RECEIVER_OFFLINE, AlertState.RESOLVED, gone)
    expect_shown(often, pages)
    tell_of_the_server_between(often, pages)


def test_what_a_device_does_not_say_is_blank(often: EveryFamily, pages: list[Seen]) -> None:
    """Transmitters off, bays empty, a server that knows no level: but for the bar, which keeps its width."""
    often.set(lambda _: {"transmitter_on": False, "occupied": False})
    often.set(
        lambda _: {"battery_percent": None},
        [device_id for device_id, part in often.parts.items() if not part.family.speaks],
    )

    told = often.told()
    assert {(each.battery_level, each.rf_signal, each.audio_level) for each in told.values()} == {
        (None, None, None)
    }
    expect_shown(often, pages)
    tell_of_the_server_between(often, pages)
    often.set(lambda part: part.then)
    expect_shown(often, pages)


def tell_of_the_server_between(often: EveryFamily, pages: list[Seen]) -> None:
    """Have a `connection_update` come to every socket of every page, and change nothing there."""
    before = [page.counts() for page in pages]
    shown = [page.shown() for page in pages]
    tell_of_the_server(often.show)
    for page, counts in zip(pages, before, strict=True):
        page.expect_one_more("connection_update", counts)
    assert [page.shown() for page in pages] == shown


def expect_shown(often: EveryFamily, pages: list[Seen]) -> None:
    for page in pages:
        page.expect(often.told())


def expect_alerts(pages: list[Seen], rule: Rule, state: AlertState, about: set[str]) -> None:
    for page in pages:
        page.expect_alerts(rule, state, about)
