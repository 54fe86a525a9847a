"""A server of the simulator's as an admin registers it, and polls of its receivers over real sockets."""

from pathlib import Path
from typing import Any

from core import claims
from core.models import Claim, Receiver, Server
from pollers.poll import poll
from pollers.simulator import Simulator


def register(simulator: Simulator, key_file: Path, *, name: str = "main") -> Server:
    """Return the simulator's server, its key in this file."""
    key_file.write_text(simulator.api_key + "\n")
    return Server.objects.create(
        name=name,
        url=simulator.url,
        key_reference=f"file:{key_file}",
        pins=[simulator.fingerprint],
    )


def claim(receiver: Receiver) -> claims.Due:
    """Claim a receiver now, whoever holds it, as beat does."""
    Claim.objects.filter(receiver=receiver).update(wanted=True, inflight_until=None)
    due = {one.receiver_id: one for one in claims.claim_due(1000)[0]}
    claimed = due.pop(receiver.pk)
    Claim.objects.filter(receiver__in=due).update(inflight_until=None)  # others whose time had just come
    return claimed


def polled(receiver: Receiver, *, claim_seq: int | None = None) -> Claim:
    """Poll a receiver, under this number where one is given, and return how its claim stands then."""
    if claim_seq is not None:
        Claim.objects.filter(receiver=receiver).update(claim_seq=claim_seq - 1, started_seq=claim_seq - 1)
    due = claim(receiver)
    assert poll(device_id=receiver.pk, claim_seq=due.claim_seq)
    return Claim.objects.get(receiver=receiver)


def recorded(receiver: Receiver) -> list[dict[str, Any]]:
    """Return what is recorded of each channel, in the feed's names."""
    return [channel.record.recorded for channel in receiver.channels.select_related("record")]


def told(receiver: Receiver) -> tuple[set[str], set[tuple[str, ...]]]:
    """Return the states of a receiver's channels, and their reasons."""
    channels = recorded(receiver)
    return {one["state"] for one in channels}, {tuple(one["reasons"]) for one in channels}
