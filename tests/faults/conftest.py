import logging

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.conftest import _empty

from .evening import Evening
from .playing import play, spare_for_less

AGAIN = 2  # times at most

logger = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def evening(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Evening:
    """What was seen on an evening on which everything went wrong; it is over, and nothing of it is left.

    One on which the machine left too little to see is played again.
    """
    del django_db_setup
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        spare_for_less(patch)
        _empty()
        try:
            for _ in range(AGAIN):
                seen = play(tmp_path_factory.mktemp("evening"))
                still_s = seen.machine.still_s()
                if seen.is_whole or not still_s:
                    return seen
                logger.warning("The machine stood still for %.1f s: the evening is played again", still_s)
                _empty()
            return play(tmp_path_factory.mktemp("evening"))
        finally:
            _empty()
            connection.close()
