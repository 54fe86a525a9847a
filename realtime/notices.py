"""The outbox carried to its destinations, by e-mail or webhook: nothing is lost, and nobody is told twice in a minute.

One message at a time goes to each destination, in order; one that hangs holds up no other. No transaction is open
while a stranger is waited for.
"""

import html
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

import orjson
from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType
from apprise.common import PersistentStoreMode
from django.db import connection

from core import notices
from core.keys import KeyUnreadable, read_key
from core.logs import plain
from core.models import Notice

logger = logging.getLogger(__name__)

TRY_AGAIN_MIN = (1, 5, 15, 60)  # after the first failure, the second …; the last from then on
GIVE_UP_H = 24
LEASE_MIN = 2  # a send ends well before: strangers are waited for 4 to 15 s a step
LONGEST_ANSWER = 500
SHORTEST_SECRET = 4  # characters; what is shorter stands in any sentence

# The next message of each destination that is free: never before an earlier one about the same alert, nor in a mute.
_TAKE = """
WITH next AS (
    SELECT d.id AS destination_id, first.id AS notice_id
      FROM core_destination d
      JOIN LATERAL (
           SELECT n.id, n.next_try_at FROM core_notice n LEFT JOIN core_alert a ON a.id = n.alert_id
            WHERE n.destination_id = d.id AND n.state = 'waiting' AND n.next_try_at <= now()
              AND (a.muted_until IS NULL OR a.muted_until <= now())
              AND NOT EXISTS (SELECT FROM core_notice before
                               WHERE before.destination_id = d.id AND before.alert_id = n.alert_id
                                 AND before.state = 'waiting' AND before.id < n.id)
            ORDER BY n.id LIMIT 1) first ON true
     WHERE d.enabled AND (d.busy_until IS NULL OR d.busy_until < now())
     ORDER BY first.next_try_at
     LIMIT 1
       FOR UPDATE OF d SKIP LOCKED
),
taken AS (
    UPDATE core_destination d SET busy_until = now() + make_interval(mins => %s)
      FROM next WHERE d.id = next.destination_id
    RETURNING next.notice_id, d.address_reference AS address
)
UPDATE core_notice n SET attempts = attempts + 1, tried_at = now()
  FROM taken WHERE n.id = taken.notice_id AND n.state = 'waiting'
RETURNING n.id, n.destination_id, taken.address, n.kind, n.severity, n.message, n.target, n.since, n.attempts
"""

_KEEP = """
WITH freed AS (UPDATE core_destination SET busy_until = NULL WHERE id = %(destination_id)s)
UPDATE core_notice
   SET state = %(state)s, answer = %(answer)s, next_try_at = now() + make_interval(mins => %(wait_min)s)
 WHERE id = %(id)s
"""

_GIVE_UP = f"""
UPDATE core_notice SET state = 'failed', answer = left('Given up after a day. ' || answer, {LONGEST_ANSWER})
 WHERE state = 'waiting' AND created_at < now() - interval '{GIVE_UP_H} h'
RETURNING (SELECT d.name FROM core_destination d WHERE d.id = destination_id)
"""  # noqa: S608  built from constants of this module


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One notice on its way. `address` is where the address is kept, never the address itself."""

    id: int
    destination_id: int
    address: str
    kind: str
    severity: str
    message: str
    target: dict[str, Any]
    since: datetime
    attempts: int


class Undelivered(Exception):
    """The message did not arrive, and why: it is tried again later."""


def deliver() -> int:
    """Send all that is due, and return how many messages arrived."""
    notices.put_held_back()
    give_up()
    arrived = 0
    while message := _take():
        try:
            answer = send(read_key(message.address, "the destination's address"), message)
            state = Notice.State.SENT
            arrived += 1
        except (KeyUnreadable, Undelivered) as error:
            answer, state = str(error), Notice.State.WAITING
        _keep(message, state=state, answer=answer)
    return arrived


def give_up() -> int:
    """End what could not be delivered for a day, and return how much that is."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_UP)
        names = [name for (name,) in cursor.fetchall()]
    for name in sorted(set(names)):
        logger.error(
            "%s was not told of %s alerts: it could not be reached for a day.", name, names.count(name)
        )
    return len(names)


def _take() -> Message | None:
    """Take the message that waits longest, and its destination with it; None: nothing is due, or others are at it."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [LEASE_MIN])
        row = cursor.fetchone()
        names = [column.name for column in cursor.description or ()]
    if row is None:
        return None
    message = dict(zip(names, row, strict=True))
    return Message(**{**message, "target": orjson.loads(message["target"])})


def _keep(message: Message, *, state: Notice.State, answer: str) -> None:
    kept: dict[str, int | str] = {
        "id": message.id,
        "destination_id": message.destination_id,
        "state": state.value,
        "answer": plain(answer)[:LONGEST_ANSWER],
        "wait_min": TRY_AGAIN_MIN[min(message.attempts, len(TRY_AGAIN_MIN)) - 1],
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, kept)


def send(address: str, message: Message) -> str:
    """Send one message, and return what is kept of that. Raises `Undelivered`."""
    told = title(message)
    body = "\n".join((told, *details(message)))
    with _heard() as said:
        # Not its own threads: what is said of this delivery is known by the thread that said it.
        destinations = Apprise(asset=_asset())
        if not destinations.add(slack_shaped(address)):
            raise Undelivered("Its address is none that Apprise knows.")
        is_webhook = address.startswith("http")
        arrived = destinations.notify(
            title=told,
            body=html.escape(body, quote=False) if is_webhook else body,  # as Slack wants it
            notify_type=NotifyType.SUCCESS if message.kind == Notice.Kind.RESOLVED else NotifyType.FAILURE,
            body_format=NotifyFormat.TEXT,
        )
    if not arrived:
        raise Undelivered(without_secrets(" ".join(said) or "It did not say why.", address))
    return "Delivered."


def title(message: Message) -> str:
    """Return the one line that says it all; names in it are from devices."""
    what = plain(message.message)
    match message.kind:
        case Notice.Kind.TEST:
            return "Test from Micboard"
        case Notice.Kind.RESOLVED:
            return f"Over: {what}"
        case Notice.Kind.WORSE:
            return f"Now {message.severity}: {what}"
        case _:
            return f"{message.severity.capitalize()}: {what}"


def details(message: Message) -> Iterator[str]:
    at = f"{message.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if message.kind == Notice.Kind.TEST:
        yield "Alerts will arrive here."
        yield f"Sent for a test at {at}."
        return
    target = message.target
    where = target.get("device_id") or target.get("receiver_id") or f"server {target.get('server', '')}"
    channel = f", channel {target['channel']}" if "channel" in target else ""
    yield plain(f"{where}{channel}")
    yield f"{'Over at' if message.kind == Notice.Kind.RESOLVED else 'Since'} {at}"


def _asset() -> AppriseAsset:
    return AppriseAsset(
        app_id="Micboard",
        app_desc="Micboard",
        app_url="",
        async_mode=False,
        http_redirects=False,
        storage_mode=PersistentStoreMode.MEMORY,
    )


def slack_shaped(address: str) -> str:
    """Return the address of a plain webhook as one that is sent Slack's JSON; any other as it is."""
    scheme, separator, rest = address.partition("://")
    if scheme not in {"http", "https"}:
        return address
    return f"json{scheme[4:]}{separator}{rest}{'&' if '?' in rest else '?'}{_SLACK}"


# What stands in Apprise's own JSON, under another name or left out.
_SLACK = urlencode({":message": "text", ":title": "", ":version": "", ":type": "", ":attachments": ""})


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Collect what Apprise says in this thread about what went wrong."""
    said: list[str] = []
    thread = threading.get_ident()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = record.getMessage()
            if record.thread == thread and (record.levelno >= logging.WARNING or text.startswith(_REASON)):
                said.append(text.removeprefix(_REASON).strip())

    listener = Listener()
    source = logging.getLogger("apprise")
    source.addHandler(listener)
    try:
        yield said
    finally:
        source.removeHandler(listener)


_REASON = "Socket Exception:"  # says why, at a level that nobody else hears


def without_secrets(text: str, address: str) -> str:
    """Return a text without the parts of an address that may open something: all but its scheme and host."""
    parts = urlsplit(address)
    user, _, host = parts.netloc.rpartition("@")
    written = re.split(r"[/?&=:]", f"{user}/{parts.path}/{parts.query}")
    pieces = {form for piece in written for form in (piece, unquote(piece), quote(piece))}
    for piece in sorted(pieces, key=len, reverse=True):
        if len(piece) >= SHORTEST_SECRET and piece not in host:
            text = text.replace(piece, "…")
    return text
