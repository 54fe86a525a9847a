"""A feed without a server, as the feed's own tests have it."""

from tests.realtime.conftest import connect as connect  # noqa: PLC0414  a fixture of these tests as well
