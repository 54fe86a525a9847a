import unicodedata
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.faces import freshness
from dashboard.shown import bars, level, moment, runtime, shown, span
from tests.dashboard.vectors import vectors

TEXT = vectors("text")


@pytest.mark.parametrize("case", TEXT["shown"], ids=lambda case: case["shown"])
def test_text_is_shown_without_what_hides_or_reorders(case: dict[str, Any]) -> None:
    assert shown(case["text"]) == case["shown"]


@pytest.mark.parametrize("case", TEXT["clipped"], ids=lambda case: f"{case['times']} of {case['repeated']!a}")
def test_text_is_shown_up_to_128_graphemes(case: dict[str, Any]) -> None:
    expected = case["repeated"] * case["shown_times"] + ("…" if case["cut"] else "")

    assert shown(case["repeated"] * case["times"]) == expected


@given(st.text())
def test_nothing_that_is_shown_hides_or_reorders(text: str) -> None:
    categories = {unicodedata.category(char) for char in shown(text) if char not in "\u200c\u200d"}

    assert categories.isdisjoint({"Cc", "Cf", "Zl", "Zp", "Cs"})


@pytest.mark.parametrize("case", TEXT["runtime"], ids=lambda case: case["text"])
def test_a_runtime_is_hours_and_minutes(case: dict[str, Any]) -> None:
    assert runtime(case["minutes"]) == case["text"]


@pytest.mark.parametrize("case", TEXT["span"], ids=lambda case: case["text"])
def test_a_span_is_said_in_the_finer_unit_only_while_that_matters(case: dict[str, Any]) -> None:
    assert span(case["seconds"]) == case["text"]


@pytest.mark.parametrize("case", TEXT["level"], ids=lambda case: case["text"])
def test_a_level_that_is_unknown_is_never_0(case: dict[str, Any]) -> None:
    assert level(case["value"], case["unit"]) == case["text"]


@pytest.mark.parametrize("case", TEXT["bars"], ids=lambda case: f"{case['percent']} %")
def test_the_last_bar_goes_out_only_at_zero(case: dict[str, Any]) -> None:
    assert bars(case["percent"]) == case["bars"]


@pytest.mark.parametrize("case", TEXT["moment"], ids=lambda case: case["text"])
def test_a_moment_of_another_day_has_its_date(case: dict[str, Any]) -> None:
    assert moment(datetime.fromisoformat(case["at"]), datetime.fromisoformat(case["now"])) == case["text"]


@pytest.mark.parametrize(
    "case", TEXT["freshness"], ids=lambda case: f"{case['age_s']} s at {case['interval_s']} s"
)
def test_a_value_ages_by_its_interval(case: dict[str, Any]) -> None:
    assert freshness(case["age_s"], case["interval_s"]) == case["freshness"]
