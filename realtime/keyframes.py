"""Where each day of the history begins: a row for every channel, so that who looks back at a moment finds all of them
in the partition of its day.
"""

from datetime import date

from django.db.backends.utils import CursorWrapper

_KEYFRAMES = """
INSERT INTO core_changerecord (id, at, kind, channel_id, device_id, rev, changes, state, seq)
SELECT nextval(pg_get_serial_sequence('core_inbox', 'id')), now(), 'keyframe', roster.channel_id, roster.device_id,
       record.rev, '{}', roster.identity || record.recorded, %s
  FROM core_roster roster JOIN core_channelrecord record ON record.channel_id = roster.channel_id
"""


def begin(cursor: CursorWrapper, *, today: date, last: date | None, seq: int) -> None:
    """Begin today in the history, where the last day that was begun is another. The caller holds the head's lock.

    The first day of all needs no keyframes: it has the rows that add the channels.
    """
    if today == last:
        return
    if last is not None:
        cursor.execute(_KEYFRAMES, [seq])
    cursor.execute("UPDATE core_head SET keyframed_on = %s WHERE id = 1", [today])
