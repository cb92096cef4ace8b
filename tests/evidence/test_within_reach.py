"""What so many leads can show is the plan turned round."""

from __future__ import annotations

import pytest

from scoville.errors import UsageError
from scoville.evidence.trial.experiment import plan_experiment, variants_of
from scoville.evidence.trial.within_reach import lift_within

HALVES = variants_of("current=50,new=50")


def test_the_leads_of_a_plan_show_its_lift() -> None:
    leads = plan_experiment(0.05, 0.2, HALVES).leads_when_peeking
    assert leads == 31_232  # docs/compare.md
    assert lift_within(leads, 0.05, HALVES) == pytest.approx(0.2, abs=2e-4)
    assert lift_within(leads / 2, 0.05, HALVES) > 0.25  # type: ignore[operator]  # half the leads show less


def test_too_few_leads_show_nothing_at_all() -> None:
    assert lift_within(4, 0.5, HALVES) is None
    assert lift_within(0, 0.05, HALVES) is None


def test_a_rate_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        lift_within(100, -0.1, HALVES)
