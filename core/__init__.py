"""The ground floor: settings, the Celery app, what is kept, who may see it, and the pure domain.

`domain` decides (pure functions on frozen values), `models` keeps, `recording` writes what a poll
learnt in one transaction, `access` says who may see what. Nothing here knows the rooms above.
"""

from core import garbage

garbage.begin_loading()

from core.celery import app as celery_app  # noqa: E402  Celery is the first that is much to load

__all__ = ["celery_app"]
