"""What an inventory brought, as a command prints it: one line a fact, tabs between its parts."""

from collections import Counter
from collections.abc import Iterator

from core.models import Server
from pollers.inventory import Inventory


def lines(server: Server, taken: Inventory) -> Iterator[str]:
    """Yield what a server has by model, and what somebody should look at."""
    yield f"{server.name}\t{taken.listed} devices\t{taken.new} new, {taken.changed} changed, {taken.missing} missing"
    models = Counter(server.receivers.values_list("model", flat=True))
    for model, count in sorted(models.items()):
        yield f"{server.name}\t{model or 'not told yet'}\t{count}"
    if taken.held:
        yield f"{server.name}\theld back\tmany devices are gone at once: is the server on the right network interface?"
    for anomaly in taken.anomalies:
        yield f"{server.name}\tleft out\t{anomaly.source_id or f'entry {anomaly.position}'}: {anomaly.detail}"
