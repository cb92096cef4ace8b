"""After anything that can happen, the live scores are those of `scoville score` on an export, to 1e-9."""

from __future__ import annotations

import contextlib
import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import insert, text

from live_sending import Live, message
from live_stores import maker
from scoville import score
from scoville.data.workspace import load_workspace
from scoville.live.audit import audit
from scoville.live.export import export
from scoville.live.fold.by_hand import link_by_hand, undo_link
from scoville.live.fold.dirty import mark_leads
from scoville.live.forget import forget
from scoville.live.store.metadata import to_us
from scoville.live.store.scores import adjustments

MODELS = [
    """
scoville: 1
name: First
disqualify: [{name: Student, when: {job_title.seniority: student}}]
fit:
  max: 40
  rules:
    - {name: Boss, when: {job_title.seniority: [c_level, vp]}, points: 20}
    - {name: Free, when: {email.kind: free}, points: -10}
    - {name: Size, by: employees, bands: [{below: 10, points: -5}, {from: 50, points: 15}]}
    - {name: Plan, by: account.plan, values: {pro: 12, free: -3}}
    - {name: Fresh, when: {created_at: {newer_than: 2d}}, points: 4}
engagement:
  max: 60
  decay: {half_life: 5d}
  groups: {Mail: {max: 4}}
  rules:
    - {name: Pricing, event: page_viewed, when: {path: {starts_with: /pricing}}, points: 10, repeat: 5, max: 25}
    - {name: Opened, event: email_opened, points: 1.5, at_most: 3, group: Mail}
    - {name: Quiet, event: "*", within: 10d, count: [{below: 1, points: -10}, {from: 4, points: 6}]}
    - {name: Minutes, event: webinar, within: 9d, sum: {of: minutes, bands: [{from: 20, points: 7}]}}
    - {name: Lately, event: "*", recency: [{below: 2, points: 5}, {from: 2, below: 7, points: 2}]}
grades: {A: 30, B: 10, C: null}
stages: [{name: Cold, from: 0}, {name: Warm, from: 15}, {name: Hot, from: 35, needs: {fit: {gte: 5}}}]
""",
    """
scoville: 1
name: Second
scale: {min: -50, max: 60}
fit: {rules: [{name: Bonn, when: {address.city: bonn}, points: 9}, {name: VIP, when: {vip: true}, points: 5}]}
engagement:
  decay: {every: 1d, keep: 75%}
  rules:
    - {name: Any, event: "*", points: 3, at_most_per_day: 2}
    - {name: Mail, event: email_opened, when: {campaign.source: {contains: mail}}, points: 8, decay: {linear: 6d}}
stages: [{name: Low, from: -50}, {name: High, from: 12}]
""",
]
USERS = st.sampled_from(["u1", "u2", "u3", "a1"])
VISITORS = st.sampled_from(["a1", "a2", "a3"])
AGO = st.sampled_from([-4.0, 0.0, 30.0, 60.0, 1_440.0, 4_320.0, 14_400.0])
TRAITS = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from(["x@acme.com", "Y@gmail.com", "nonsense", None]),
        "title": st.sampled_from(["CEO", "Student", "n/a", None, "VP of Sales"]),
        "company": st.fixed_dictionaries({"employees": st.sampled_from([5, 60.0, "120", "many"])}),
        "address": st.sampled_from([{"city": " Bonn "}, {"city": "-"}, {}]),
        "vip": st.sampled_from([True, False, "yes", None]),
        "createdAt": st.sampled_from(["2026-04-30T00:00:00Z", 1_770_000_000, "soon"]),
    },
)
PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "path": st.sampled_from(["/pricing", "/PRICING/x", "/", "n/a"]),
        "minutes": st.sampled_from([5, 30.0, "25", "a few", True]),
        "campaign": st.sampled_from([{"source": "e-mail"}, {"source": 3}]),
    },
)
EVENTS = st.sampled_from(["email_opened", "webinar", "other"])


class Parity(RuleBasedStateMachine):
    """A store to which things happen; whenever nobody waits, its scores are held against a batch run."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = contextlib.ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.live = Live(maker(self.folder, None, self.stack)())
        self.sent: list[Any] = []

    def teardown(self) -> None:
        self.stack.close()

    @initialize(which=st.sampled_from(MODELS))
    def a_model_is_published(self, which: str) -> None:
        self.live.publish(which)

    def _send(self, *given: Any, **said: Any) -> None:
        ago = said.pop("ago") + (self.live.now - Live.now) / timedelta(minutes=-1)
        one = message(*given, minutes_ago=ago, **said)
        self.sent.append(one)
        self.live.send(one)

    @rule(user=st.none() | USERS, visitor=VISITORS, ago=AGO, said=PROPERTIES)
    def a_page_is_seen(self, user: str | None, visitor: str, ago: float, said: dict[str, Any]) -> None:
        self._send("page", user, visitor, ago=ago, properties=said)

    @rule(user=USERS, event=EVENTS, ago=AGO, said=PROPERTIES)
    def something_is_done(self, user: str, event: str, ago: float, said: dict[str, Any]) -> None:
        self._send("track", user, event=event, ago=ago, properties=said)

    @rule(user=USERS, visitor=st.none() | VISITORS, ago=AGO, said=TRAITS)
    def somebody_says_who_he_is(self, user: str, visitor: str | None, ago: float, said: dict[str, Any]) -> None:
        self._send("identify", user, visitor, ago=ago, traits=said)

    @rule(user=USERS, previous=USERS | VISITORS, ago=AGO)
    def a_name_is_changed(self, user: str, previous: str, ago: float) -> None:
        self._send("alias", user, previous=previous, ago=ago)

    @rule(user=USERS, group=st.sampled_from(["g", "h"]), plan=st.sampled_from(["pro", "free", None]), ago=AGO)
    def a_group_is_joined(self, user: str, group: str, plan: str | None, ago: float) -> None:
        self._send("group", user, group=group, ago=ago, traits={"plan": plan})

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def a_message_comes_again(self, data: st.DataObject) -> None:
        self.live.send(data.draw(st.sampled_from(self.sent)))

    def _numbers(self, query: str) -> list[int]:
        return [next(iter(row.values())) for row in self.live.rows(query)]

    @rule(data=st.data())
    def a_link_is_undone(self, data: st.DataObject) -> None:
        if links := self._numbers("SELECT link_no FROM links WHERE undone_at IS NULL ORDER BY 1"):
            undo_link(self.live.store, data.draw(st.sampled_from(links)), by="Ann", now=self.live.now)

    @rule(data=st.data())
    def two_ids_are_joined(self, data: st.DataObject) -> None:
        ids = self._numbers("SELECT identity_no FROM identities ORDER BY 1")
        if len(ids) > 1:
            one, other = data.draw(st.permutations(ids))[:2]
            link_by_hand(self.live.store, one, other, by="Ann", now=self.live.now)

    @rule(data=st.data(), points=st.sampled_from([-20.0, 3.5, 12.0]), days=st.none() | st.integers(1, 3))
    def points_are_given(self, data: st.DataObject, points: float, days: int | None) -> None:
        if not (ids := self._numbers("SELECT identity_no FROM identities ORDER BY 1")):
            return
        one, now = data.draw(st.sampled_from(ids)), self.live.now
        end = None if days is None else now + timedelta(days=days)
        row = {
            "identity_no": one,
            "points": points,
            "reason": "r",
            "author": "Ann",
            "created_at": now,
            "expires_at": end,
        }
        with self.live.store.writing() as connection:
            connection.execute(insert(adjustments).values(row))
            lead = connection.execute(text("SELECT lead_no FROM identities WHERE identity_no = :one"), {"one": one})
            mark_leads(connection, [lead.scalar_one()], to_us(now), "adjustment", None)

    @rule(data=st.data())
    def somebody_is_forgotten(self, data: st.DataObject) -> None:
        if leads := self._numbers("SELECT lead_no FROM leads ORDER BY 1"):
            forget(self.live.store, [data.draw(st.sampled_from(leads))], self.live.now)

    @rule(which=st.sampled_from(MODELS))
    def another_model_is_published(self, which: str) -> None:
        self.live.publish(which)

    @rule(hours=st.sampled_from([0.2, 7, 30, 100]))
    def time_passes(self, hours: float) -> None:
        self.live.now += timedelta(hours=hours)
        self.live.score()
        self.live.refresh()

    @rule()
    def whoever_waits_is_scored(self) -> None:
        self.live.score()

    @invariant()
    def the_scores_are_those_of_a_batch_run(self) -> None:
        """Leads are scored at instants of their own: each instant is one run."""
        if self.live.rows("SELECT * FROM dirty"):
            return
        stored = self.live.scores()
        model = self.live.models.current
        assert set(stored) == set(self.live.lead_ids())
        for as_of_us in sorted({row["as_of"] for row in stored.values()}):
            as_of = Live.now + timedelta(microseconds=as_of_us - to_us(Live.now))
            fresh = self._batch(as_of, model.compiled if model else None)
            for lead, row in stored.items():
                if row["as_of"] == as_of_us:
                    assert abs(row["score"] - fresh[lead]["score"]) <= 1e-9
                    assert {n: row[n] for n in ("stage", "grade", "reasons", "disqualified_by")} == {
                        n: fresh[lead][n] for n in ("stage", "grade", "reasons", "disqualified_by")
                    }

    def _batch(self, as_of: Any, compiled: Any) -> dict[str, dict[str, Any]]:
        folder = self.folder / "export"
        export(self.live.store, folder, as_of, reads=compiled.wanted.traits)
        workspace = load_workspace(folder / "scoville.toml")
        run = score(compiled.model, workspace.leads.source, workspace.events.source, as_of=as_of, workspace=workspace)
        return {row["lead_id"]: row for row in run.scores.to_pylist()}

    @precondition(lambda self: self.sent)
    @rule()
    def the_store_is_audited(self) -> None:
        self.live.score()
        assert audit(self.live.store, batches=0).differences == ()


Parity.TestCase.settings = settings(
    max_examples=int(os.environ.get("SCOVILLE_PARITY", "3")), stateful_step_count=14, deadline=None
)
TestParity = Parity.TestCase
