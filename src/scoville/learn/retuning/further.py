"""Rules that a model does not have and that would add most to it.

In: a history, its rows, a tuned model. Out: a few rules as YAML, and what each is worth. Called by `retune`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.learn.choosing.bands import Column, Limits, best_bands
from scoville.learn.choosing.fitting import Term, chance, fit
from scoville.learn.choosing.selecting import CAPS, Amount, Cap
from scoville.learn.tried.candidates import candidates_of
from scoville.learn.tried.origins import Decayed, Trait
from scoville.learn.written.card import card_of
from scoville.learn.written.pointed import Pointed
from scoville.model.document import dump

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from scoville.evidence.history import History
    from scoville.learn.choosing.bands import Bands
    from scoville.learn.retuning.tuner import Settled
    from scoville.learn.rows import Rows
    from scoville.learn.tried.candidates import Candidate
    from scoville.learn.tried.origins import Origin
    from scoville.model.load import Model

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

_BY_CHANCE = 6.0  # of twice the log likelihood, beyond what the best of so many candidates adds to noise


def further_rules(
    history: History, rows: Rows, model: Model, state: Settled, scored: Bools, most: int
) -> tuple[str | None, tuple[str, ...]]:
    """At most `most` rules, each the one that adds most to the score and to those before it; None where none does.

    Traits and events that the model uses already are not tried again.
    """
    known = _used(model.to_dict())
    tried = [one for one in candidates_of(history, rows).at(scored) if _subject(one.origin) not in known]
    won, weight = rows.won[scored].astype(np.float64), rows.own_weight[scored]
    terms = [Term(state.score, 1, banded=False)]
    chosen: list[tuple[Candidate, Bands | Cap]] = []
    while len(chosen) < most:
        found = fit(terms, won, weight, 1e-6)
        best = _best(tried, found.log_odds, won, weight)
        if best is None:
            break
        one, form, term = best
        terms.append(term)
        chosen.append((one, form))
        tried = [other for other in tried if _subject(other.origin) != _subject(one.origin)]
    if not chosen:
        return None, ()
    found = fit(terms, won, weight, 1.0)
    unit = float(found.effects[0][0])
    made = [_pointed(*pair, effects / unit) for pair, effects in zip(chosen, found.effects[1:], strict=True)]
    card = card_of([one for one in made if one.high > one.low])
    sections = {kind: [rule.content for rule in card.rules if rule.section == kind] for kind in ("fit", "engagement")}
    says = [f"{rule.name}: {rule.factor.low:+g} to {rule.factor.high:+g} points" for rule in card.rules]
    text = dump({kind: {"rules": of} for kind, of in sections.items() if of})
    return (text if card.rules else None), tuple(says)


def _used(data: Any) -> set[str]:  # noqa: ANN401 - plain values
    """Every word that stands in a rule where a trait or an event may: more is left out than need be."""
    if isinstance(data, dict):
        return {str(key) for key in data} | {word for value in data.values() for word in _used(value)}
    if isinstance(data, list):
        return {word for value in data for word in _used(value)}
    return {data} if isinstance(data, str) else set()


def _subject(origin: Origin) -> str:
    return origin.trait if isinstance(origin, Trait) else origin.of.event


def _best(
    tried: list[Candidate], log_odds: Floats, won: Floats, weight: Floats
) -> tuple[Candidate, Bands | Cap, Term] | None:
    expected = chance(log_odds)
    pull, hold = weight * (won - expected), weight * expected * (1 - expected)
    least = _BY_CHANCE + 2 * math.log(max(1, len(tried)))
    best = None
    for one in tried:
        for gain, form, term in _forms(one, pull, hold, weight):
            if gain > least:
                least, best = gain, (one, form, term)
    return best


def _forms(one: Candidate, pull: Floats, hold: Floats, weight: Floats) -> Iterator[tuple[float, Bands | Cap, Term]]:
    if isinstance(one.candidate, Column):
        banding = best_bands(one.candidate, pull, hold, weight, Limits())
        yield banding.gain, banding.bands, Term(banding.bands.codes(one.candidate), banding.bands.count)
        return
    there = one.candidate.of[one.candidate.of > 0]
    for share in CAPS if there.size else ():
        cap = float(np.quantile(there, share))
        amount = np.minimum(one.candidate.of, cap)
        centred = amount - float(hold @ amount) / float(hold.sum())
        gain = float(pull @ centred) ** 2 / max(1e-12, float(hold @ centred**2)) - Limits().price
        yield gain, Cap(cap), Term(amount, 1, banded=False)


def _pointed(one: Candidate, form: Bands | Cap, points: Floats) -> Pointed:
    if isinstance(form, Cap) and isinstance(one.candidate, Amount) and isinstance(one.origin, Decayed):
        each = float(round(float(points[0]))) or math.copysign(1.0, float(points[0]))
        return Pointed(one.candidate, one.origin, form, (each,), float(round(each * form.most)) or each)
    whole = tuple(float(round(of)) + 0.0 for of in points - points.min())
    return replace(Pointed(one.candidate, one.origin, form, whole))
