"""The client and the simulator, written apart from the same documents, have to agree on every field."""

from collections.abc import Iterator

import pytest

from core.domain.reading import DeviceReading, ReceiverReading, Unchanged
from pollers.shure import transport
from pollers.shure.command_strings import converse
from pollers.shure.endpoints import Endpoint
from pollers.shure.errors import Refused, Unreachable, Unsupported
from pollers.shure.families import family_of
from pollers.shure.system_api import SystemApi
from pollers.simulator import ReceiverTruth, Simulator
from pollers.simulator.families import BY_MODEL
from tests.pollers.shure.played import soon

MODELS = tuple(BY_MODEL)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(models=MODELS, seed=11, paused=True) as simulator:
        yield simulator
        transport.forget_connections()


@pytest.fixture
def api(simulator: Simulator) -> SystemApi:
    return SystemApi(endpoint(simulator))


def endpoint(simulator: Simulator, *, key: str | None = None) -> Endpoint:
    return Endpoint(
        url=simulator.url,
        key=key or simulator.api_key,
        ca_file=str(simulator.certificate),
        pins=(simulator.fingerprint,),
        allow_loopback=True,
    )


def listed(truth: ReceiverTruth) -> DeviceReading:
    return DeviceReading(
        source_id=truth.source_id,
        state=truth.state,
        model=truth.model,
        serial=truth.serial,
        firmware=truth.firmware,
        address=truth.address,
        compatibility="COMPATIBLE_LATEST",
        capabilities=frozenset(truth.capabilities),
    )


def spoken_to(truth: ReceiverTruth) -> ReceiverReading:
    family = family_of(truth.model)
    assert family is not None
    return converse(truth.address, family, deadline=soon(), allow_loopback=True)


@pytest.mark.parametrize(
    "dialect",
    [{}, {"listing": "array"}, {"listing": "items"}, {"page_size": 1}, {"etags": False}],
    ids=lambda dialect: str(dialect or "as captured"),
)
def test_the_list_is_the_rack(simulator: Simulator, api: SystemApi, dialect: dict[str, object]) -> None:
    simulator.speak(**{"listing": "connection", "page_size": 0, "etags": True} | dialect)

    devices, anomalies = api.devices(deadline=soon())

    assert devices == [listed(truth) for truth in simulator.truth().receivers]
    assert anomalies == []


@pytest.mark.parametrize("etags", [True, False])
def test_a_device_that_did_not_change_is_unchanged(
    simulator: Simulator, api: SystemApi, *, etags: bool
) -> None:
    simulator.speak(etags=etags)
    truth = simulator.truth().receivers[0]

    device, memory = api.device(truth.source_id, memory=None, deadline=soon())
    again = api.device(truth.source_id, memory=memory, deadline=soon())

    assert device == listed(truth)
    assert again == (Unchanged(), memory)
    assert (memory.etag is not None) is etags


@pytest.mark.parametrize("model", MODELS)
def test_a_receiver_says_what_is_so(simulator: Simulator, model: str) -> None:
    truth = next(receiver for receiver in simulator.truth().receivers if receiver.model == model)

    reading = spoken_to(truth)

    assert reading.channels == tuple(channel.reading for channel in truth.channels)
    assert (reading.name, reading.firmware) == (truth.name, truth.firmware)


@pytest.mark.parametrize("model", MODELS)
def test_no_meter_is_left_running(simulator: Simulator, model: str) -> None:
    truth = next(receiver for receiver in simulator.truth().receivers if receiver.model == model)

    spoken_to(truth)

    assert simulator.counts().sessions(truth.source_id).left_metering == 0


def test_a_name_is_the_receivers(simulator: Simulator, api: SystemApi) -> None:
    truth = simulator.truth().receivers[0]

    name, _ = api.name(truth.source_id, memory=None, deadline=soon())

    assert name == truth.name


@pytest.mark.parametrize("status", [404, 405])
def test_a_capability_that_is_lacking_is_unsupported(
    simulator: Simulator, api: SystemApi, status: int
) -> None:
    simulator.speak(unsupported=status)

    with pytest.raises(Unsupported):
        api.battery_level(simulator.truth().receivers[0].source_id, memory=None, deadline=soon())


def test_a_wrong_key_is_refused(simulator: Simulator) -> None:
    with pytest.raises(Refused):
        SystemApi(endpoint(simulator, key="wrong")).devices(deadline=soon())


def test_a_device_that_is_gone_is_gone(api: SystemApi) -> None:
    with pytest.raises(Unreachable, match="gone"):
        api.device("dd000000-0000-11dd-a000-000eddcccccc", memory=None, deadline=soon())
