"""Any model about any data: the plan gives the numbers of the oracle, on every engine.

SCOVILLE_EXAMPLES=2000 looks longer than CI does (24 examples on DuckDB, 8 on PostgreSQL, 4 on Spark).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import Phase, given, settings

from agreement import assert_names_follow_from_numbers, assert_same_numbers
from oracle import oracle
from plan_runner import on_engine, result_of, run_of
from smallest import hold
from strategies import PROPERTIES, TRAITS, Scene, scenes

if TYPE_CHECKING:
    from engines_under_test import EngineUnderTest

EXAMPLES = int(os.environ.get("SCOVILLE_EXAMPLES", "24"))


def test_plan_agrees_with_the_oracle(engine: EngineUnderTest) -> None:
    def agree(scene: Scene) -> None:
        here = run_of(scene.model, scene.leads, scene.events, scene.as_of, traits=TRAITS, properties=PROPERTIES)
        found = result_of(on_engine(engine.engine, here))
        assert_same_numbers(found, oracle(scene.model, scene.leads, scene.events, scene.as_of))
        assert_names_follow_from_numbers(scene, found)

    # where an example is dear, none is spent on a table without rows
    wanted = scenes() if engine.share == 1 else scenes().filter(lambda scene: bool(scene.leads and scene.events))

    @settings(max_examples=round(EXAMPLES * engine.share), phases=[Phase.explicit, Phase.generate])
    @given(wanted)
    def every_scene(scene: Scene) -> None:
        hold(agree, scene)

    every_scene()
