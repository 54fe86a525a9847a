"""Polls without a network: claim, start, judge a given reading, record."""

from core import claims
from core.domain.outcome import judge
from core.domain.reading import Reading
from core.models import Claim, Receiver
from core.recording import ServerAnswer, record


def record_poll(receiver: Receiver, reading: Reading) -> None:
    """Poll a receiver at once, with this reading as what its sources answered."""
    Claim.objects.filter(receiver=receiver).update(inflight_until=None)
    claim_seq = claims.claim_now(receiver.pk)
    assert claim_seq is not None
    started = claims.start(receiver_id=receiver.pk, claim_seq=claim_seq)
    assert started is not None
    outcome = judge(started.known, reading)
    assert record(started, outcome, memory=started.memory, server=ServerAnswer(ok=True, latency_ms=9))
