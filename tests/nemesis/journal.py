"""Every claim, start and finish of every poll, as Postgres committed them; and what must be true of them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any

# `who` is the process, by the name that it gives its connections. Whoever listens is told of a commit at once.
KEEP_A_JOURNAL = """
CREATE TABLE nemesis (
    id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(), receiver_id bigint NOT NULL,
    claim_seq bigint NOT NULL, what text NOT NULL, slot_at timestamptz NOT NULL,
    who text NOT NULL DEFAULT current_setting('application_name')
);
CREATE FUNCTION nemesis() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE what text;
BEGIN
    FOREACH what IN ARRAY array_remove(ARRAY[
        CASE WHEN NEW.claim_seq > OLD.claim_seq THEN 'claimed' END,
        CASE WHEN NEW.started_seq > OLD.started_seq THEN 'started' END,
        CASE WHEN NEW.polled_at IS DISTINCT FROM OLD.polled_at THEN 'recorded' END], NULL)
    LOOP
        INSERT INTO nemesis (receiver_id, claim_seq, what, slot_at)
        VALUES (NEW.receiver_id, NEW.claim_seq, what, NEW.slot_at);
        PERFORM pg_notify(what, current_setting('application_name'));
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER nemesis AFTER UPDATE ON core_claim FOR EACH ROW EXECUTE FUNCTION nemesis();
"""
# Every receiver is due a moment from now, so that a beat has a lot to publish.
MOVE = """
WITH moved AS (
    UPDATE core_claim c SET slot_at = now() + interval '0.3 s' - make_interval(secs => r.interval_s)
      FROM core_receiver r WHERE r.id = c.receiver_id RETURNING c.receiver_id, c.claim_seq, c.slot_at
)
INSERT INTO nemesis (receiver_id, claim_seq, what, slot_at)
SELECT receiver_id, claim_seq, 'moved', slot_at FROM moved
"""
KEEP_NO_JOURNAL = "DROP TRIGGER nemesis ON core_claim; DROP FUNCTION nemesis(); DROP TABLE nemesis"

READ = """
SELECT n.receiver_id, n.claim_seq, make_interval(secs => r.interval_s), n.what, n.slot_at, n.at, n.who
  FROM nemesis n JOIN core_receiver r ON r.id = n.receiver_id
 WHERE n.at >= %s ORDER BY n.receiver_id, n.id
"""
ALMOST = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One step of one poll; or a slot that was `moved` by a test, which has no claim."""

    receiver_id: int
    claim_seq: int
    interval: timedelta
    what: str
    slot_at: datetime
    at: datetime
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A claim that was not finished. `over` is how much longer than its bound it took until the next was."""

    receiver_id: int
    claim_seq: int
    who: str
    was_started: bool
    over: timedelta | None


Bound = Callable[[timedelta], timedelta]


class Journal:
    """The steps since a moment, of every receiver in their order."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        names = ("receiver_id", "claim_seq", "interval", "what", "slot_at", "at", "who")
        self.events = [Event(**dict(zip(names, row, strict=True))) for row in rows]

    def of(self, what: str) -> dict[int, list[Event]]:
        """Return one kind of step, by receiver."""
        chosen = (event for event in self.events if event.what == what)
        return {
            receiver_id: list(events)
            for receiver_id, events in groupby(chosen, key=attrgetter("receiver_id"))
        }

    def taken_twice(self) -> list[str]:
        """Say which slots were claimed, and which claims were started or recorded, more than once."""
        return [*self._slots_taken_twice(), *self._steps_taken_twice()]

    def _slots_taken_twice(self) -> Iterator[str]:
        slots = [event for event in self.events if event.what in {"claimed", "moved"}]
        for one, later in pairwise(slots):
            same = one.receiver_id == later.receiver_id and one.what == later.what == "claimed"
            if same and later.slot_at - one.slot_at < one.interval - ALMOST:
                yield f"{one.receiver_id}: {one.who} claimed {one.slot_at}, and {later.who} {later.slot_at}"

    def _steps_taken_twice(self) -> Iterator[str]:
        seen: set[tuple[int, int, str]] = set()
        for event in self.events:
            step = event.receiver_id, event.claim_seq, event.what
            if step in seen and event.what != "moved":
                yield f"{event.receiver_id}: {event.who} {event.what} {event.claim_seq} once more"
            seen.add(step)

    def lost(self, *, published: Bound, held: Bound) -> list[Lost]:
        """Return the claims that were not finished, and are followed by another.

        One that nobody started has been lost on its way, and its bound is counted from its slot; one that was started
        has been lost with its worker, and its bound is counted from there.
        """
        started = {
            (event.receiver_id, event.claim_seq): event for event in self.events if event.what == "started"
        }
        recorded = self.of("recorded")
        found = []
        for receiver_id, claims in self.of("claimed").items():
            finished = recorded.get(receiver_id, [])
            for claim in claims[:-1]:
                if any(event.claim_seq == claim.claim_seq for event in finished):
                    continue
                start = started.get((receiver_id, claim.claim_seq))
                bound = held(claim.interval) if start else published(claim.interval)
                began = start.at if start else claim.slot_at
                again = next((event.at for event in finished if event.claim_seq > claim.claim_seq), None)
                found.append(
                    Lost(
                        receiver_id=receiver_id,
                        claim_seq=claim.claim_seq,
                        who=start.who if start else claim.who,
                        was_started=start is not None,
                        over=None if again is None else again - began - bound,
                    )
                )
        return found

    def longest_silence(self, since: datetime) -> timedelta:
        """Return by how much the longest time without a poll of a receiver exceeds its interval."""
        return max(
            later - earlier - events[0].interval
            for events in self.of("recorded").values()
            for earlier, later in pairwise([since, *(event.at for event in events)])
        )
