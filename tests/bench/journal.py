"""A journal of every claim that Postgres keeps, by its own clock: what was claimed for which slot, started, finished.

It is written by a trigger, so that the product runs as it is, and whatever its processes are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.system.stack import Stack

# `wanted`: asked for by somebody, so that there is no slot. `skipped`: the slot went by without a claim, because the
# poll before was still under way, or because it was missed by more than an interval.
_KEEP = """
CREATE UNLOGGED TABLE bench_journal (
    receiver_id bigint, claim_seq bigint, what text, slot_at timestamptz, at timestamptz DEFAULT clock_timestamp()
);
CREATE FUNCTION bench_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bench_journal (receiver_id, claim_seq, slot_at, what)
    VALUES (NEW.receiver_id, NEW.claim_seq, NEW.slot_at, CASE
        WHEN NEW.claim_seq > OLD.claim_seq THEN CASE WHEN OLD.wanted THEN 'wanted' ELSE 'claimed' END
        WHEN NEW.started_seq > OLD.started_seq THEN 'started'
        WHEN NEW.slot_at IS DISTINCT FROM OLD.slot_at THEN 'skipped'
        ELSE 'finished' END);
    RETURN NULL;
END $$;
CREATE TRIGGER bench_claim AFTER UPDATE ON core_claim FOR EACH ROW
    WHEN (NEW.claim_seq > OLD.claim_seq OR NEW.started_seq > OLD.started_seq
          OR NEW.slot_at IS DISTINCT FROM OLD.slot_at OR NEW.polled_at IS DISTINCT FROM OLD.polled_at)
    EXECUTE FUNCTION bench_note();
"""

# The polls whose slot is in the time, each with its start; those that had time enough and have none are lost.
_POLLS = """
SELECT extract(epoch FROM s.at - j.slot_at)::float8
  FROM bench_journal j
  JOIN core_receiver r ON r.id = j.receiver_id JOIN core_server v ON v.id = r.server_id AND v.name = %s
  LEFT JOIN bench_journal s
         ON s.receiver_id = j.receiver_id AND s.claim_seq = j.claim_seq AND s.what = 'started'
 WHERE j.what = 'claimed' AND j.slot_at >= to_timestamp(%s) AND j.slot_at < to_timestamp(%s)
"""
_SKIPPED = """
SELECT count(*)
  FROM bench_journal j
  JOIN core_receiver r ON r.id = j.receiver_id JOIN core_server v ON v.id = r.server_id AND v.name = %s
 WHERE j.what = 'skipped' AND j.at >= to_timestamp(%s) AND j.at < to_timestamp(%s)
"""
_TOOK = """
SELECT extract(epoch FROM f.at - s.at)::float8
  FROM bench_journal s
  JOIN core_receiver r ON r.id = s.receiver_id JOIN core_server v ON v.id = r.server_id AND v.name = %s
  JOIN bench_journal f ON f.receiver_id = s.receiver_id AND f.claim_seq = s.claim_seq AND f.what = 'finished'
 WHERE s.what = 'started' AND s.at >= to_timestamp(%s) AND s.at < to_timestamp(%s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polls:
    """The polls of one server's receivers in a time: how late each started, how long those that ended took."""

    late_s: Sequence[float]
    took_s: Sequence[float]
    lost: int


def keep(stack: Stack) -> None:
    """Keep a journal from now on."""
    stack.sql(_KEEP)
    stack.sql("CREATE INDEX ON bench_journal (receiver_id, claim_seq, what)")


def polls(stack: Stack, server: str, *, began: float, ended: float) -> Polls:
    started = [late_s for (late_s,) in stack.sql(_POLLS, server, began, ended)]
    ((skipped,),) = stack.sql(_SKIPPED, server, began, ended)
    return Polls(
        late_s=[late_s for late_s in started if late_s is not None],
        took_s=[took_s for (took_s,) in stack.sql(_TOOK, server, began, ended)],
        lost=started.count(None) + skipped,
    )
