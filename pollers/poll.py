"""The path of one poll, in order: start the claim, ask, judge, record."""

import logging

from django.db import connection

from core import claims
from core.domain.outcome import Outcome, judge
from core.recording import record
from pollers.shure.sources import ask

logger = logging.getLogger(__name__)


def poll(*, device_id: int, claim_seq: int) -> Outcome | None:
    """Poll one receiver under a claim, and return what it left behind.

    None: the claim was overtaken, and whoever overtook it polls; nothing is left behind.
    """
    started = claims.start(receiver_id=device_id, claim_seq=claim_seq)
    if started is None:
        return None
    _let_go_of_the_database()
    answers = ask(started)  # the only network; no transaction is open, and no connection is held
    while started is not None:
        outcome = judge(started.known, answers.reading)
        if record(started, outcome, memory=answers.memory, server=answers.server):
            return outcome
        started = claims.again(started)  # an edit, or age, was recorded meanwhile: judge against that
    logger.info("Receiver %s: a later claim overtook %s", device_id, claim_seq)
    return None


def _let_go_of_the_database() -> None:
    """Give the connection back to the pool: who waits for the network must not keep it from those who record."""
    if not connection.in_atomic_block:
        connection.close()
