"""Polls without a network: claim, start, judge a given reading, record."""

from core import claims
from core.domain.outcome import judge
from core.domain.reading import Reading
from core.models import Claim, Receiver
from core.recording import ServerAnswer, record


def record_poll(receiver: Receiver, reading: Reading) -> None:
    """Poll a receiver at once, with this reading as what its sources answered."""
    Claim.objects.filter(receiver=receiver).update(wanted=True, inflight_until=None)
    due = {one.receiver_id: one for one in claims.claim_due(10_000)[0]}
    claim_seq = due.pop(receiver.pk).claim_seq
    Claim.objects.filter(receiver__in=due).update(inflight_until=None)  # others whose time had just come
    started = claims.start(receiver_id=receiver.pk, claim_seq=claim_seq)
    assert started is not None
    outcome = judge(started.known, reading)
    assert record(started, outcome, memory=started.memory, server=ServerAnswer(ok=True, latency_ms=9))
