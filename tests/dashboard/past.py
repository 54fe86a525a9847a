"""A past for channels: change records as windows would have left them, written at once."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from core.models import Channel, ChannelRecord

# As the inbox numbers them; the state of each row is the channel's recorded one with what is told over it.
_WRITE = """
INSERT INTO core_changerecord (id, at, kind, channel_id, device_id, rev, changes, state, seq)
SELECT nextval(pg_get_serial_sequence('core_inbox', 'id')), n.at, n.kind, %(channel)s, %(device_id)s, n.rev,
       n.changes, %(state)s::jsonb || n.values, n.rev
  FROM jsonb_to_recordset(%(rows)s::jsonb) AS n (at timestamptz, kind text, rev bigint, changes jsonb, values jsonb)
"""

# A channel whose levels move at every sample, as fast as SQL can write them.
_SAMPLES = """
INSERT INTO core_changerecord (id, at, kind, channel_id, device_id, rev, changes, state, seq)
SELECT nextval(pg_get_serial_sequence('core_inbox', 'id')),
       %(until)s::timestamptz - (%(count)s - n) * make_interval(secs => %(every_s)s),
       'change', %(channel)s, %(device_id)s, n,
       jsonb_build_object('rf_signal_a', jsonb_build_array(-60 + (n - 1) %% 17, -60 + n %% 17)),
       %(state)s::jsonb || jsonb_build_object(
           'rf_signal_a', -60 + n %% 17, 'rf_signal_b', -63 + n %% 13, 'audio_level', -40 + n %% 20,
           'peak_level', -30 + n %% 20, 'battery_minutes', 500 - (n / 200) %% 480), n
  FROM generate_series(1, %(count)s) AS n
"""


def write(device_id: str, rows: Iterable[tuple[datetime, Mapping[str, Any]]]) -> None:
    """Let values have changed at these instants, in the feed's names: each row adds to the ones before."""
    channel = Channel.objects.get(device_id=device_id)
    before = dict(ChannelRecord.objects.get(channel=channel).recorded)
    first = dict(before)
    written: list[dict[str, Any]] = []
    values: dict[str, Any] = {}
    for number, (at, news) in enumerate(rows, start=1):
        changes = {name: [before.get(name), value] for name, value in news.items()}
        before |= news
        values |= news
        written.append(
            {
                "at": at.isoformat(),
                "kind": "change",
                "rev": number,
                "changes": changes,
                "values": dict(values),
            }
        )
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            {
                "channel": channel.pk,
                "device_id": device_id,
                "state": orjson.dumps(first).decode(),
                "rows": orjson.dumps(written).decode(),
            },
        )


def write_samples(device_id: str, *, count: int, every_s: float, until: datetime) -> None:
    channel = Channel.objects.get(device_id=device_id)
    recorded = ChannelRecord.objects.get(channel=channel).recorded
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            _SAMPLES,
            {
                "channel": channel.pk,
                "device_id": device_id,
                "state": orjson.dumps(recorded).decode(),
                "count": count,
                "every_s": every_s,
                "until": until,
            },
        )
        cursor.execute("ANALYZE core_changerecord")
