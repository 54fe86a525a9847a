"""A server's device list against what is known."""

from hypothesis import given
from hypothesis import strategies as st

from core.domain.lists import KnownDevice, compare
from core.domain.reading import DeviceReading, DeviceState


def known(number: int, *, serial: str | None = None, missing: int = 0) -> KnownDevice:
    return KnownDevice(
        id=number,
        source_id=f"dd-{number}",
        serial=f"S{number}" if serial is None else serial,
        missing=missing,
    )


def listed(source_id: str, *, serial: str | None = None) -> DeviceReading:
    return DeviceReading(source_id=source_id, serial=serial, state=DeviceState.ONLINE)


def test_ids_are_the_same_whatever_their_case() -> None:
    found = compare([known(1)], [listed("DD-1", serial="S1")])

    assert [one.id for one, _ in found.same] == [1]
    assert (found.new, found.missing, found.suspicious) == ([], [], False)


def test_a_device_under_a_new_id_with_the_serial_of_one_that_is_gone_replaces_it() -> None:
    found = compare(
        [known(1), known(2), known(3)], [listed("dd-1"), listed("dd-3"), listed("dd-9", serial="S2")]
    )

    assert [(one.id, device.source_id) for one, device in found.replaced] == [(2, "dd-9")]
    assert (found.new, found.missing) == ([], [])


def test_a_serial_that_is_still_listed_under_its_old_id_is_another_device() -> None:
    found = compare([known(1)], [listed("dd-1", serial="S1"), listed("dd-9", serial="S1")])

    assert [device.source_id for device in found.new] == ["dd-9"]
    assert found.replaced == []


def test_devices_without_a_serial_are_never_taken_for_each_other() -> None:
    found = compare([known(1, serial="")], [listed("dd-9"), listed("dd-8", serial="")])

    assert [device.source_id for device in found.new] == ["dd-9", "dd-8"]
    assert [one.id for one in found.missing] == [1]


def test_a_list_that_lost_half_at_once_is_suspicious_and_one_that_lost_less_is_not() -> None:
    four = [known(number) for number in range(1, 5)]

    assert compare(four, [listed("dd-1"), listed("dd-2")]).suspicious
    assert not compare(four, [listed("dd-1"), listed("dd-2"), listed("dd-3")]).suspicious
    assert compare(four, []).suspicious
    assert not compare([], []).suspicious


def test_what_was_missing_before_makes_no_list_suspicious() -> None:
    fleet = [known(1), known(2), *(known(number, missing=5) for number in range(3, 9))]

    assert not compare(fleet, [listed("dd-1"), listed("dd-2")]).suspicious


ids = st.integers(1, 9)


@given(
    have=st.lists(ids, unique=True),
    told=st.lists(st.tuples(ids, ids), max_size=9, unique_by=lambda pair: pair[0]),
)
def test_every_device_is_accounted_for_once(have: list[int], told: list[tuple[int, int]]) -> None:
    fleet = [known(number) for number in have]
    devices = [listed(f"dd-{number}", serial=f"S{serial}") for number, serial in told]

    found = compare(fleet, devices)

    in_list = [*found.new, *(device for _, device in (*found.same, *found.replaced))]
    in_fleet = [*found.missing, *(one for one, _ in (*found.same, *found.replaced))]
    assert sorted(device.source_id for device in in_list) == sorted(device.source_id for device in devices)
    assert sorted(one.id for one in in_fleet) == sorted(have)
