"""Which devices each server has: found ones are kept for ever, a list that shrinks deletes nothing."""

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import F
from django.db.models.functions import Lower

from core import clock
from core.claims import ServerFacts
from core.domain.lists import HELD_LISTS, Comparison, KnownDevice, compare
from core.domain.reading import Anomaly, DeviceReading, Kind, Source
from core.domain.state import to_wire
from core.domain.states import unread
from core.domain.tiers import DEFAULT_INTERVALS_S, Tier
from core.keys import KeyUnreadable
from core.models import Channel, ChannelRecord, Claim, PollMemory, Receiver, Server, ServerHealth
from core.recording import ServerAnswer, record_answer
from pollers.shure.deadlines import Deadline
from pollers.shure.errors import Throttled, Unanswered
from pollers.shure.families import family_of
from pollers.shure.recognition import SAID
from pollers.shure.sources import endpoint_of, restrained_api_of
from pollers.shure.system_api import SystemApi

logger = logging.getLogger(__name__)

LIST_WITHIN = timedelta(seconds=20)
CANNOT_ASK = (Unanswered, KeyUnreadable, ValueError)  # a server's fault, its key's, its address's
NEW_A_SECOND = 5  # first polls of new receivers: at once for a handful, spread over the interval for a fleet


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What one look at a server's list brought: how many devices there are, are new, changed, or are missing.

    `held`: the list is too short to be believed at once.
    """

    listed: int
    new: int
    changed: int
    missing: int
    held: bool = False
    anomalies: Sequence[Anomaly] = ()


def take_of(server_id: int) -> None:
    """Take the inventory of one server, and log what is news of it; one that is gone or disabled has none."""
    server = Server.objects.filter(pk=server_id, enabled=True).select_related("health").first()
    if server is None:
        return
    before = server.health.detail if hasattr(server, "health") else ""
    try:
        taken = take(server, restrained=True)
    except CANNOT_ASK as error:
        if sentence(error) != before:
            logger.warning("%s: no inventory: %s", server.name, error)
        return
    if taken.held:
        logger.warning(
            "%s: the list is held back: %s devices are missing at once", server.name, taken.missing
        )
    if taken.new or taken.changed:
        logger.info("%s: %s devices, %s new, %s changed", server.name, taken.listed, taken.new, taken.changed)


def take(server: Server, *, restrained: bool = False) -> Inventory:
    """Ask a server for its devices and keep what is new, and how it answered. Raises `CANNOT_ASK`.

    `restrained`: one that is left alone for a while is not asked; a person who asks wants to know.
    """
    try:
        listed = ask(server, restrained=restrained)
    except Throttled:
        raise
    except CANNOT_ASK as error:
        record_answer(server.pk, ServerAnswer(ok=False, latency_ms=None, detail=sentence(error)))
        raise
    return keep_listed(server, listed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A server's list as it came: its devices, what was left out, and how long it took."""

    devices: Sequence[DeviceReading]
    anomalies: Sequence[Anomaly]
    latency_ms: int


def ask(server: Server, *, restrained: bool = False) -> Listed:
    """Ask a server, which need not be kept yet, for its devices. Raises `CANNOT_ASK`."""
    asked_at = time.monotonic()
    api = restrained_api_of(_facts(server)) if restrained else api_of(server)
    devices, anomalies = api.devices(deadline=Deadline.after(LIST_WITHIN))
    latency_ms = round((time.monotonic() - asked_at) * 1000)
    return Listed(devices=devices, anomalies=anomalies, latency_ms=latency_ms)


def keep_listed(server: Server, listed: Listed) -> Inventory:
    record_answer(server.pk, ServerAnswer(ok=True, latency_ms=listed.latency_ms))
    return keep(server, listed.devices, listed.anomalies)


def sentence(error: Exception) -> str:
    """Return what one of `CANNOT_ASK` says, with the next step."""
    return error.detail if isinstance(error, Unanswered) else str(error)


def api_of(server: Server) -> SystemApi:
    """Return what a server is asked by. Raises `KeyUnreadable`, or `ValueError` for an address that is none."""
    return SystemApi(endpoint_of(_facts(server)))


def _facts(server: Server) -> ServerFacts:
    return ServerFacts(
        id=server.pk,
        name=server.name,
        manufacturer=server.manufacturer,
        url=server.url,
        key_reference=server.key_reference,
        ca_file=server.ca_file,
        pins=tuple(server.pins),
    )


@transaction.atomic
def keep(server: Server, devices: Sequence[DeviceReading], anomalies: Sequence[Anomaly]) -> Inventory:
    """Keep what a server's list says: new devices with their channels and a first poll, known ones as they are now.

    Whatever is not listed any more is kept and counted as missing; not even that, at first, where the list has
    shrunk by half or is empty.
    """
    # Two inventories of one server take turns. Its health comes before its receivers, as in the polls.
    ServerHealth.objects.get_or_create(server=server)
    health = ServerHealth.objects.select_for_update().get(server=server)
    receivers = {receiver.pk: receiver for receiver in server.receivers.all()}
    elsewhere = asked_elsewhere(server, devices)
    anomalies = [*anomalies, *(_elsewhere(devices[at], at, other) for at, other in elsewhere.items())]
    devices = [device for at, device in enumerate(devices) if at not in elsewhere]
    found = compare([_known(receiver) for receiver in receivers.values()], devices)
    held = found.suspicious and health.suspicious < HELD_LISTS
    changed = [receivers[known.id] for known, device in found.same if _update(receivers[known.id], device)]
    for known, device in found.replaced:
        receivers[known.id].source_id = device.source_id
        _update(receivers[known.id], device)
        changed.append(receivers[known.id])
    Receiver.objects.bulk_update(changed, _FIELDS)
    if not held:
        missing = [known.id for known in found.missing]
        Receiver.objects.filter(pk__in=missing).update(missing=F("missing") + 1)
    _forget_answers(changed)
    _add(server, found.new)
    # Of all, and not of those that changed here: a poll may have been the first to hear of a battery.
    _ensure_channels([receivers[known.id] for known, _ in (*found.same, *found.replaced)])
    _note(health, devices, anomalies, _odd(found, held=held))
    return Inventory(
        listed=len(devices),
        new=len(found.new),
        changed=len(changed),
        missing=len(found.missing),
        held=held,
        anomalies=anomalies,
    )


def _forget_answers(changed: Sequence[Receiver]) -> None:
    """Forget what vouches for answers: it vouches for what was kept of them, and that is something else now.

    What a receiver said its name is stays: it may stand at the address of another at this moment.
    """
    memories = list(PollMemory.objects.filter(receiver__in=changed))
    for memory in memories:
        memory.resources = {SAID: memory.resources[SAID]} if SAID in memory.resources else {}
    PollMemory.objects.bulk_update(memories, ["resources"])


def asked_elsewhere(server: Server, devices: Sequence[DeviceReading]) -> dict[int, str]:
    """Return the devices, by their place in the list, that are asked for another enabled server, and its name.

    A receiver is asked once at a time, however many servers see it. It is the same one if id and address agree.
    """
    others = Receiver.objects.filter(server__enabled=True, enabled=True).exclude(server=server.pk)
    asked: dict[tuple[str, str], str] = {
        (source_id, address): name
        for source_id, address, name in others.annotate(folded=Lower("source_id"))
        .filter(folded__in=[device.source_id.lower() for device in devices])
        .values_list("folded", "address", "server__name")
    }
    own = Receiver.objects.filter(server=server.pk).values_list("source_id", flat=True)
    mine = {source_id.lower() for source_id in own}
    return {
        at: asked[key]
        for at, device in enumerate(devices)
        if (key := (device.source_id.lower(), device.address or "")) in asked and key[0] not in mine
    }


def _elsewhere(device: DeviceReading, position: int, other: str) -> Anomaly:
    return Anomaly(
        source_id=device.source_id,
        position=position,
        reason="elsewhere",
        detail=f"The server {other} lists this device as well: it is asked there.",
    )


def _known(receiver: Receiver) -> KnownDevice:
    return KnownDevice(
        id=receiver.pk, source_id=receiver.source_id, serial=receiver.serial, missing=receiver.missing
    )


def _odd(found: Comparison, *, held: bool) -> str:
    """Return what somebody should look at, or nothing."""
    if not found.suspicious:
        return ""
    listed = len(found.same) + len(found.replaced)
    held_back = " Nothing is counted as missing yet." if held else ""
    return (
        f"The list has only {listed} of the {listed + len(found.missing)} devices that are known: is the server "
        f"on the right network interface?{held_back}"
    )


def _note(
    health: ServerHealth, devices: Sequence[DeviceReading], anomalies: Sequence[Anomaly], notice: str
) -> None:
    """Keep what is to be shown of this list; written, and logged, only when it is news."""
    suspicious = min(health.suspicious + 1, HELD_LISTS + 1) if notice else 0
    told = {
        "listed": len(devices),
        "suspicious": suspicious,
        "notice": notice,
        "anomalies": [asdict(anomaly) for anomaly in anomalies],
    }
    if told["anomalies"] != health.anomalies:
        for anomaly in anomalies:
            place = anomaly.source_id or anomaly.position
            logger.warning("%s: %s is left out: %s", health.server.name, place, anomaly.detail)
    if any(getattr(health, name) != value for name, value in told.items()):
        ServerHealth.objects.filter(pk=health.pk).update(**told)


_FIELDS = (
    "source_id",
    "model",
    "serial",
    "firmware",
    "address",
    "device_state",
    "compatibility",
    "capabilities",
    "sources",
    "missing",
)


def _values(device: DeviceReading) -> dict[str, Any]:
    """Return the columns that a device's entry fills; what a DISCOVERED one does not say is left out."""
    told = {
        "model": device.model,
        "serial": device.serial,
        "firmware": device.firmware,
        "address": device.address,
        "device_state": device.state.value,
        "compatibility": device.compatibility,
        "capabilities": sorted(device.capabilities) or None,
        "sources": [source.value for source in _sources(device)] if device.model else None,
        "missing": 0,
    }
    return {name: value for name, value in told.items() if value is not None}


def _sources(device: DeviceReading) -> tuple[Source, ...]:
    has_strings = family_of(device.model) is not None
    return (Source.SYSTEM_API, Source.COMMAND_STRINGS) if has_strings else (Source.SYSTEM_API,)


def _update(receiver: Receiver, device: DeviceReading) -> bool:
    """Bring a receiver up to its entry, and say whether that changed it."""
    changed = False
    for name, value in _values(device).items():
        if getattr(receiver, name) != value:
            setattr(receiver, name, value)
            changed = True
    return changed


def _add(server: Server, devices: Sequence[DeviceReading]) -> None:
    if not devices:
        return
    spread = min(DEFAULT_INTERVALS_S[Tier.NORMAL], len(devices) / NEW_A_SECOND)
    with connection.cursor() as cursor:
        codes = _new_codes(cursor, server.manufacturer, len(devices))
        cursor.execute(
            "SELECT now() - make_interval(secs => %s) + random() * make_interval(secs => %s) "
            "FROM generate_series(1, %s)",
            [DEFAULT_INTERVALS_S[Tier.NORMAL], spread, len(devices)],
        )
        slots: list[datetime] = [slot for (slot,) in cursor.fetchall()]
    receivers = Receiver.objects.bulk_create(
        Receiver(
            code=code,
            server=server,
            source_id=device.source_id,
            **{"sources": [Source.SYSTEM_API.value], **_values(device)},
        )
        for code, device in zip(codes, devices, strict=True)
    )
    _ensure_channels(receivers)
    Claim.objects.bulk_create(
        Claim(receiver=receiver, slot_at=slot) for receiver, slot in zip(receivers, slots, strict=True)
    )


def _new_codes(cursor: CursorWrapper, manufacturer: str, count: int) -> list[str]:
    """Return codes that were never given before, such as SHURE001."""
    cursor.execute("SELECT nextval('core_receiver_code') FROM generate_series(1, %s)", [count])
    return [f"{manufacturer.upper()}{number:03d}" for (number,) in cursor.fetchall()]


def _ensure_channels(receivers: Sequence[Receiver]) -> None:
    """Give each receiver the channels of its kind; those that it has stay as they are."""
    have = set(Channel.objects.filter(receiver__in=receivers).values_list("receiver_id", "number"))
    channels = Channel.objects.bulk_create(
        Channel(
            receiver=receiver,
            number=number,
            kind=kind.value,
            device_id=receiver.code if number == 1 else f"{receiver.code}-{number}",
        )
        for receiver in receivers
        for kind, count in [_channels_of(receiver)]
        for number in range(1, count + 1)
        if (receiver.pk, number) not in have
    )
    if not channels:
        return
    now = clock.now()
    ChannelRecord.objects.bulk_create(
        ChannelRecord(channel=channel, recorded=to_wire(unread(channel.device_id, now)))
        for channel in channels
    )


def _channels_of(receiver: Receiver) -> tuple[Kind, int]:
    """Return how many channels of what kind a device has: its family's, or one where the server tells its battery."""
    if family := family_of(receiver.model):
        return family.kind, family.channels
    return Kind.MICROPHONE, int("battery-level" in receiver.capabilities)
