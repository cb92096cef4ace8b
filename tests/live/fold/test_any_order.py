"""With a secret key it does not matter in which order messages arrive, in which batches, or how often."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from live_sending import Live, message
from live_stores import maker

if TYPE_CHECKING:
    import random

    from scoville.live.ingest.messages import Message

USERS = st.sampled_from(["u1", "u2", "u3", "a1"])
VISITORS = st.sampled_from(["a1", "a2", "u2"])
EMAILS = st.sampled_from(["x@x.io", "y@x.io", "X@x.io ", "no address"])
TRAITS = st.fixed_dictionaries({}, optional={"email": EMAILS, "title": st.sampled_from(["CEO", "Intern", None, "n/a"])})
MINUTES = st.integers(0, 4).map(float)


def messages() -> st.SearchStrategy[list[Message]]:
    one = st.one_of(
        st.builds(
            lambda u, a, t, m: ("identify", u, a, {"traits": t, "minutes_ago": m}),
            USERS,
            VISITORS | st.none(),
            TRAITS,
            MINUTES,
        ),
        st.builds(
            lambda u, a, m: ("track", u, a, {"event": "x", "minutes_ago": m}), USERS, st.none() | VISITORS, MINUTES
        ),
        st.builds(lambda a, m: ("page", None, a, {"properties": {"path": "/"}, "minutes_ago": m}), VISITORS, MINUTES),
        st.builds(
            lambda u, p, m: ("alias", u, None, {"previous": p, "minutes_ago": m}), USERS, USERS | VISITORS, MINUTES
        ),
        st.builds(
            lambda u, g, m: ("group", u, None, {"group": g, "traits": {"plan": g}, "minutes_ago": m}),
            USERS,
            st.sampled_from("gh"),
            MINUTES,
        ),
    )
    return st.lists(one, min_size=1, max_size=12).map(
        lambda several: [message(kind, u, a, key=f"k{i}", **said) for i, (kind, u, a, said) in enumerate(several)]
    )


def folded(several: list[Message], sizes: random.Random | None) -> dict[str, dict[str, Any]]:
    """The facts after the messages came in one batch, or in batches of any size."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        live = Live(maker(Path(folder), None, stack)())
        live.receive(*several)
        live.fold(500 if sizes is None else sizes.randint(1, 3))
        return live.facts()


@settings(max_examples=25)
@given(messages(), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_give_the_same_leads(several: list[Message], dice: random.Random) -> None:
    again = [*several, *dice.choices(several, k=3)]
    dice.shuffle(again)
    assert folded(again, dice) == folded(several, None)
