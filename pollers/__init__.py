"""The entry room of the devices: when to ask, how to ask, and what the answer changed.

`scheduler` (beat) claims the devices that are due, `tasks` are the doors of the workers, `poll` is the
path in order, `restraint` spares a server, `inventory` learns which devices there are. `shure` speaks the
vendor's two interfaces, `simulator` plays them.
"""

from core.celery import app as celery_app

__all__ = ["celery_app"]
