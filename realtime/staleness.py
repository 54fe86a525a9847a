"""The age rule, kept where nothing happens: receivers that have not been seen for too long become stale."""

from typing import Any

import orjson
from django.conf import settings
from django.db.backends.utils import CursorWrapper

from core.domain import changes, states
from core.domain.outcome import ChangedChannel
from core.domain.state import from_wire
from core.domain.tiers import Tier
from core.recording import write_changes

RECEIVERS_AT_ONCE = 500

# A receiver that is being recorded at this moment has news of its own.
_AGED = """
WITH aged AS (
    SELECT c.receiver_id
      FROM core_claim c
      JOIN core_receiver r ON r.id = c.receiver_id AND r.enabled
      JOIN core_server s ON s.id = r.server_id AND s.enabled
     WHERE NOT c.stale AND c.stale_at <= now()
     LIMIT %s
       FOR UPDATE OF c SKIP LOCKED
)
UPDATE core_claim c SET stale = true, recorded_seq = c.recorded_seq + 1
  FROM aged WHERE c.receiver_id = aged.receiver_id
RETURNING c.receiver_id, c.tier, c.lost_at IS NOT NULL, now()
"""

_CHANNELS = """
SELECT ch.receiver_id, ch.id, cr.recorded
  FROM core_channel ch JOIN core_channelrecord cr ON cr.channel_id = ch.id
 WHERE ch.receiver_id = ANY(%s)
"""


def tell_ages(cursor: CursorWrapper) -> None:
    """Record `stale` for the channels of receivers that have just passed their age limit."""
    cursor.execute(_AGED, [RECEIVERS_AT_ONCE])
    receivers: dict[int, tuple[Any, ...]] = {row[0]: row[1:] for row in cursor.fetchall()}
    if not receivers:
        return
    cursor.execute(_CHANNELS, [list(receivers)])
    changed = []
    for receiver_id, channel_id, text in cursor.fetchall():
        tier, lost, now = receivers[receiver_id]
        recorded = from_wire(orjson.loads(text))
        aged = states.aged(recorded, now=now, tier=Tier(tier), lost=lost)
        if found := changes.diff(recorded, aged, settings.DEADBANDS):
            changed.append(
                ChangedChannel(id=channel_id, changes=found, state=changes.applied(recorded, found))
            )
    write_changes(cursor, changed)
