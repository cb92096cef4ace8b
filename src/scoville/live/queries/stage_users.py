"""What goes by a stage beside the model: actions that wait for it, and clocks that start with it.

In: names of stages. Out: sentences. Called before a model is published that has these stages no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from scoville.live.store.actions import actions
from scoville.live.store.routing import sla_rules

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection


def users_of_stages(connection: Connection, stages: Collection[str]) -> list[str]:
    """Each action and clock that would wait for ever once these stages are gone; none for no stage."""
    told = select(actions.c.name, actions.c.conditions).where(actions.c.is_enabled).order_by(actions.c.name)
    waiting = [
        f"the action “{row.name}” waits for {stage}"
        for row in connection.execute(told)
        for stage in row.conditions["stages"]
        if stage in stages
    ]
    clocks = connection.execute(select(sla_rules.c.stage).order_by(sla_rules.c.stage)).scalars()
    return waiting + [f"the clock of the first touch starts with {stage}" for stage in clocks if stage in stages]
