import pytest

from stilts.evidence import numbers


@pytest.mark.parametrize(
    ("score", "text"), [(0.8565, "85.7"), (0.5, "50.0"), (float("nan"), "not available")]
)
def test_percent_rounds_half_away_from_zero(score, text):
    assert numbers.percent(score) == text


def test_points_carry_a_sign_and_zero_none():
    assert [numbers.points(x) for x in (0.013, -0.002, -0.0001)] == ["+1.3", "-0.2", "0.0"]
    assert numbers.interval(0.01, float("nan")) == "not available"
    assert [numbers.runs_used(n, 36) for n in (36, 35, 0)] == ["36", "35/36", "0"]
