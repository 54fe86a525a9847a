"""Receivers as the inventory finds them, for tests that need no network."""

import secrets
from typing import Any

from core.domain.reading import (
    ChannelReading,
    DeviceReading,
    DeviceState,
    Failure,
    Reading,
    ReceiverReading,
    Unchanged,
)
from core.models import Channel, Claim, Receiver, Server
from pollers import inventory


def make_server(name: str = "main") -> Server:
    """Return the server of this name, made where it is not there yet."""
    server, _ = Server.objects.get_or_create(
        name=name, defaults={"url": "https://198.51.100.7:10000", "key_reference": "env:MICBOARD_TEST_KEY"}
    )
    return server


def device(number: int, *, model: str = "ULXD4Q", state: DeviceState = DeviceState.ONLINE) -> DeviceReading:
    return DeviceReading(
        source_id=f"dd{number:06x}-0000-11dd-a000-000eddcccccc",
        state=state,
        model=model,
        serial=f"41926{number:05d}",
        firmware="2.7.6.0",
        address=f"198.51.100.{number}",
        capabilities=frozenset({"name", "identify"}),
    )


def make_receivers(count: int = 1, *, server: Server | None = None, model: str = "ULXD4Q") -> list[Receiver]:
    """Return receivers that a server's list brought, due at once, with their channels and claims."""
    server = server or make_server()
    known = set(server.receivers.values_list("pk", flat=True))
    first = secrets.randbelow(2**16) * 256
    inventory.keep(server, [device(first + number, model=model) for number in range(1, count + 1)], [])
    receivers = list(server.receivers.exclude(pk__in=known).order_by("pk"))
    Claim.objects.filter(receiver__in=receivers).update(wanted=True)
    return receivers


def channels_of(receiver: Receiver) -> list[Channel]:
    return list(receiver.channels.order_by("number"))


def heard(number: int = 1, **values: Any) -> ChannelReading:
    """Return a channel whose transmitter is on and well, but for what is said otherwise."""
    well: dict[str, Any] = {
        "name": f"Vox {number}",
        "transmitter_on": True,
        "transmitter": "ULXD2",
        "battery_percent": 85,
        "battery_minutes": 312,
        "battery_bars": 4,
        "rf_dbm": -45,
        "audio_dbfs": -20,
        "muted": False,
        "interference": False,
        "encryption_ok": True,
        "frequency_khz": 578350,
    }
    return ChannelReading(number=number, **{**well, **values})


def answered(*channels: ChannelReading) -> Reading:
    """Return a reading in which both sources answered: the server that nothing changed, the receiver this."""
    return Reading(system_api=Unchanged(), command_strings=ReceiverReading(channels=channels))


def silent(reason: str = "timeout") -> Reading:
    """Return a reading in which the server answered and the receiver did not."""
    return Reading(
        system_api=Unchanged(),
        command_strings=Failure(reason=reason, detail="The receiver does not answer."),
    )
