"""Beats, workers, Postgres and Valkey are killed, stopped and emptied while thirty receivers are polled."""

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain

import pytest

from pollers.simulator import Slow
from tests.nemesis.bounds import broker_away, postgres_away, publish_lost, worker_lost
from tests.nemesis.house import BEATS, WORKERS, House
from tests.nemesis.journal import Journal, Lost
from tests.nemesis.watch import Watch, all_polled, until

pytestmark = pytest.mark.xdist_group("nemesis")  # they share a house

SEED = 285


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(f"{SEED} {request.node.name}")  # noqa: S311  repeatable, not secret


@pytest.fixture
def watch(house: House) -> Iterator[Watch]:
    yield Watch.begin(house)
    house.simulator.heal()
    house.thaw("valkey", *BEATS, *WORKERS)


def lost(journal: Journal, *, with_a_worker: bool) -> list[Lost]:
    """Return the claims that were lost with a worker, or on their way to one."""
    both = journal.lost(published=publish_lost, held=worker_lost)
    return [one for one in both if one.was_started == with_a_worker]


def late(claims: list[Lost]) -> list[Lost]:
    """Return those of the lost claims that were made up for too late, or never."""
    return [claim for claim in claims if claim.over is None or claim.over > timedelta(0)]


def test_a_beat_killed_or_stopped_at_any_moment_and_inside_its_publish_costs_an_interval_at_most(
    watch: Watch, chance: random.Random
) -> None:
    house = watch.house
    harms = [(deed, inside) for deed in ("kill", "stop") for inside in (True, False)]
    for deed, inside in chance.sample(harms, len(harms)):
        if inside:
            watch.all_due_at_once()
            victim = house.next_to("claimed", *BEATS)
        else:
            time.sleep(chance.uniform(0, 1))
            victim = chance.choice(BEATS)
        if deed == "kill":
            house.await_ready(victim, instead_of=house.kill(victim))
        else:
            house.freeze(victim)
            time.sleep(chance.uniform(0.2, 2))
            house.thaw(victim)
    journal = watch.end()

    on_their_way = lost(journal, with_a_worker=False)
    assert on_their_way != []
    assert late(on_their_way) == []
    assert journal.taken_twice() == []
    assert watch.asked_too_often() == []


def test_a_broker_that_stops_inside_a_publish_holds_polls_up_for_that_time(
    watch: Watch, chance: random.Random
) -> None:
    house = watch.house
    watch.all_due_at_once()
    house.next_to("claimed", *BEATS)
    stopped_s = chance.uniform(1, 4)
    house.freeze("valkey")
    time.sleep(stopped_s)
    house.thaw("valkey")
    journal = watch.end()

    assert watch.silence(journal) <= broker_away(timedelta(seconds=stopped_s))
    assert journal.taken_twice() == []
    assert watch.asked_too_often() == []


def test_a_broker_that_comes_back_with_nothing_costs_the_time_that_it_was_away_and_an_interval(
    watch: Watch,
) -> None:
    house = watch.house
    watch.all_due_at_once()
    house.next_to("claimed", *BEATS)
    killed_at = time.monotonic()
    house.await_ready("valkey", instead_of=house.kill("valkey"))
    away = timedelta(seconds=time.monotonic() - killed_at)
    journal = watch.end()

    assert watch.silence(journal) <= broker_away(away)
    assert journal.taken_twice() == []
    assert watch.asked_too_often() == []


def test_what_a_killed_and_a_stopped_worker_held_is_polled_by_others_and_late_results_are_rejected(
    watch: Watch,
) -> None:
    house = watch.house
    for source_id in house.simulator.source_ids:
        house.simulator.strike(Slow(ms=700), at=source_id)
    stopped = house.next_to("started", *WORKERS)
    house.freeze(stopped)
    (other,) = set(WORKERS) - {stopped}
    house.next_to("started", other)
    house.await_ready(other, instead_of=house.kill(other))
    house.simulator.heal()
    all_polled(house, house.now())
    rejected_before = house.said.getvalue().count(REJECTED)
    house.thaw(stopped)
    journal = watch.end()

    held = lost(journal, with_a_worker=True)
    assert {claim.who for claim in held} == set(WORKERS)
    assert late(held) == []
    until(lambda: house.said.getvalue().count(REJECTED) > rejected_before, "a late result is rejected")
    assert journal.taken_twice() == []
    assert watch.asked_too_often(at_once=2) == []


REJECTED = "a later claim overtook"


def test_with_postgres_killed_whole_all_are_polled_again_soon_after_it_is_back(watch: Watch) -> None:
    house = watch.house
    house.next_to("started", *WORKERS)
    house.kill_postgres()
    away_s = until(lambda: house.sql("SELECT 1"), "Postgres is back")
    journal = watch.end()

    assert watch.silence(journal) <= postgres_away(timedelta(seconds=away_s))
    assert journal.taken_twice() == []
    assert watch.asked_too_often() == []


def test_after_ten_minutes_without_a_beat_each_is_polled_once_and_all_are_spread_over_their_interval(
    watch: Watch,
) -> None:
    house = watch.house
    house.freeze(*BEATS)
    until(lambda: house.sql(IN_FLIGHT) == [(0,)], "nothing is being polled")
    house.sql("UPDATE core_claim SET slot_at = slot_at - interval '10 minutes'")
    back_at = house.now()
    house.thaw(*BEATS)
    claims = watch.end().of("claimed")

    first = [
        [claim.at for claim in of_one if back_at < claim.at < back_at + claim.interval]
        for of_one in claims.values()
    ]
    moments = sorted(chain.from_iterable(first))
    half_a_second = timedelta(seconds=0.5)
    at_once = max(sum(one <= other < one + half_a_second for other in moments) for one in moments)
    assert len(first) == len(house.simulator.source_ids)
    assert {len(polls) for polls in first} <= {0, 1}
    assert at_once <= len(first) / 2


IN_FLIGHT = "SELECT count(*) FROM core_claim WHERE inflight_until > now()"
