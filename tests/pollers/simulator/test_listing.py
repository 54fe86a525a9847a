"""The list of devices: whole and in pages, and with everything that may be wrong in it."""

from collections.abc import Iterator
from dataclasses import asdict
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.reading import DeviceState
from pollers.simulator import Dialect, Listing, Simulator, Unknown, Unplayable
from pollers.simulator.families import BY_MODEL
from pollers.simulator.listing import NoSuchCursor, Oddities, page
from pollers.simulator.receiver import Receiver

from .conftest import Client


def receivers(count: int) -> list[Receiver]:
    models = list(BY_MODEL)
    return [
        Receiver(
            source_id=f"dd{at:06x}-0000-11dd-a000-000eddcccccc",
            model=models[at % len(models)],
            serial=str(at),
            mac="",
            address=f"127.0.1.{at}",
            name="",
            players=(),
            firmware="1",
            capabilities=("name",),
        )
        for at in range(count)
    ]


def turned(rack: list[Receiver], dialect: Dialect, oddities: Oddities) -> Iterator[list[str]]:
    """Turn the pages as a client does, and give the ids on each."""
    after = ""
    while True:
        content = page(rack, after, dialect, oddities)
        yield [edge["node"]["hardwareIdentity"]["deviceId"] for edge in content["edges"]]
        if not content["pageInfo"]["hasNextPage"]:
            return
        after = content["pageInfo"]["endCursor"]


@given(count=st.integers(0, 12), page_size=st.integers(0, 13), shown=st.none() | st.integers(0, 12))
def test_pages_together_are_the_list(count: int, page_size: int, shown: int | None) -> None:
    rack = receivers(count)

    pages = list(turned(rack, Dialect(page_size=page_size), Oddities(shown=shown)))

    assert [source_id for each in pages for source_id in each] == [one.source_id for one in rack[:shown]]
    assert all(len(each) <= (page_size or count) for each in pages)


def test_a_page_says_where_it_stands() -> None:
    rack = receivers(5)
    first = page(rack, "", Dialect(page_size=2), Oddities())["pageInfo"]
    last = page(rack, first["endCursor"], Dialect(page_size=9), Oddities())["pageInfo"]

    assert (first["hasPreviousPage"], first["hasNextPage"]) == (False, True)
    assert (last["hasPreviousPage"], last["hasNextPage"]) == (True, False)
    with pytest.raises(NoSuchCursor):
        page(rack, "elsewhere", Dialect(), Oddities())


@pytest.mark.parametrize("listing", list(Listing))
def test_every_shape_has_the_same_nodes(sim: Simulator, client: Client, listing: Listing) -> None:
    nodes = [edge["node"] for edge in client.get("/devices").json()["edges"]]

    sim.speak(listing=listing)
    listed = client.get("/devices").json()

    match listing:
        case Listing.ARRAY:
            assert listed == nodes
        case Listing.ITEMS:
            assert listed == {"items": nodes}
        case Listing.CONNECTION:
            assert [edge["node"] for edge in listed["edges"]] == nodes


def ids(client: Client) -> list[str]:
    edges = client.get("/devices").json()["edges"]
    return [edge["node"]["hardwareIdentity"]["deviceId"] for edge in edges]


@pytest.mark.parametrize("shown", [0, 1])
def test_a_list_that_shrinks_leaves_the_devices_where_they_are(
    sim: Simulator, client: Client, axient: str, shown: int
) -> None:
    sim.distort_list(shown=shown)

    listed = client.get("/devices")
    asked = client.get(f"/devices/{axient}")
    sim.distort_list(shown=None)

    assert (listed.status_code, len(listed.json()["edges"])) == (200, shown)
    assert asked.status_code == 200
    assert ids(client) == list(sim.source_ids)


def test_one_entry_that_is_malformed_stands_among_those_that_are_not(
    sim: Simulator, client: Client, ulxd: str
) -> None:
    sim.distort_list(malformed=ulxd.upper())

    first, second = (edge["node"] for edge in client.get("/devices").json()["edges"])
    asked = client.get(f"/devices/{ulxd}").json()
    sim.distort_list(malformed=None)

    assert "deviceState" not in first
    assert second["deviceState"] == asked["deviceState"] == "ONLINE"
    assert "deviceState" in client.get("/devices").json()["edges"][0]["node"]


@pytest.mark.parametrize("page_size", [0, 1])
def test_an_id_that_is_listed_twice_is_another_device_the_second_time(
    *, sim: Simulator, client: Client, ulxd: str, axient: str, page_size: int
) -> None:
    sim.speak(page_size=page_size)
    sim.distort_list(twice=ulxd)

    edges = []
    after = ""
    while True:
        listed = client.get(f"/devices?after={quote(after)}").json()
        edges += listed["edges"]
        if not listed["pageInfo"]["hasNextPage"]:
            break
        after = listed["pageInfo"]["endCursor"]

    nodes = [edge["node"] for edge in edges]
    assert [(node["hardwareIdentity"]["deviceId"], node["deviceState"]) for node in nodes] == [
        (ulxd, "ONLINE"),
        (axient, "ONLINE"),
        (ulxd, "OFFLINE"),
    ]
    assert len({edge["cursor"] for edge in edges}) == 3


def test_pages_that_repeat_promise_more_for_ever(sim: Simulator, client: Client, ulxd: str) -> None:
    sim.speak(page_size=1)
    sim.distort_list(repeating=True)

    first = client.get("/devices").json()
    second = client.get(f"/devices?after={quote(first['pageInfo']['endCursor'])}").json()

    assert first == second
    assert first["pageInfo"]["hasNextPage"]
    assert [edge["node"]["hardwareIdentity"]["deviceId"] for edge in first["edges"]] == [ulxd]


@pytest.mark.parametrize("source_id", ["house/rack 1", "rack%2f1", "Bühne-ß", "..", "日本"])
def test_an_id_of_any_characters_is_one_segment_of_a_path(
    sim: Simulator, client: Client, source_id: str
) -> None:
    added = sim.add("ULXD4D", source_id=source_id)
    segment = quote(source_id, safe="").replace(".", "%2E")

    assert added == source_id
    assert source_id in ids(client)
    assert client.get(f"/devices/{segment}").json()["hardwareIdentity"]["deviceId"] == source_id
    assert client.get(f"/devices/{segment}/name").json() == {"name": "RX 003"}
    assert sim.truth().receiver(source_id.upper()).source_id == source_id


def test_a_node_that_was_only_discovered_may_be_there_from_the_start(sim: Simulator, client: Client) -> None:
    discovered = sim.add("ULXD4D", state=DeviceState.DISCOVERED)

    node = client.get(f"/devices/{discovered}").json()

    truth = sim.truth(discovered).receivers[0]
    assert node.keys() == {
        "compatibility",
        "deviceState",
        "hardwareIdentity",
        "softwareIdentity",
        "communicationProtocol",
    }
    assert (truth.listed.serial, truth.listed.firmware, truth.listed.capabilities) == (
        None,
        None,
        frozenset(),
    )


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"shown": -1}, Unplayable),
        ({"shown": True}, Unplayable),
        ({"repeating": 1}, Unplayable),
        ({"malformed": 3}, Unplayable),
        ({"malformed": "dd"}, Unknown),
        ({"sorted": True}, Unknown),
    ],
)
def test_what_no_list_can_be_is_refused(
    sim: Simulator, changes: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        sim.distort_list(**changes)

    assert sim.on_stage(lambda stage: asdict(stage.system_api.oddities)) == asdict(Oddities())
