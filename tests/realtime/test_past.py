from realtime.past import MOST, Past

HALF = "x" * (MOST // 2)


def test_it_gives_the_last_windows_in_order() -> None:
    past = Past()
    for text in ("one", "two", "three"):
        past.add(text)

    assert past.latest(2) == ["two", "three"]
    assert past.latest(0) == []


def test_more_than_there_are_is_nothing_rather_than_a_gap() -> None:
    past = Past()
    past.add("one")

    assert past.latest(2) is None


def test_a_client_that_is_ahead_of_the_server_has_no_past() -> None:
    assert Past().latest(-1) is None


def test_it_keeps_no_more_than_its_limit() -> None:
    past = Past()
    for text in (HALF, HALF, "one more"):
        past.add(text)

    assert past.latest(3) is None
    assert past.latest(2) == [HALF, "one more"]
