"""The pages in tests: an app over a store with a few people in it, really scored, and visitors of every role."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api_world import HASH, OURS, PLENTY, Client, Clock, let_in
from live_sending import NOW, Live, message
from scoville.live.store.opening import open_store
from scoville.live.store.tables import CATALOGUE
from scoville.web.app import create_app
from scoville.web.auth.users import NewUser, create_user
from web_page import Page

if TYPE_CHECKING:
    import httpx

    from scoville.live.store.opening import Store
    from scoville.web.settings import Settings

ROLES = ("viewer", "sales", "marketing", "admin")
MODEL = """\
scoville: 1
name: B2B SaaS
disqualify:
  - {name: Competitor, when: {email.domain: [rival.com]}}
fit:
  max: 50
  rules:
    - {name: Decision maker, when: {job_title.seniority: [c_level, vp, director]}, points: 20}
    - name: Company size
      by: employees
      bands:
        - {below: 10, points: -5}
        - {from: 50, below: 501, points: 15}
        - {from: 501, points: 20}
    - {name: Free email address, when: {email.kind: [free, disposable]}, points: -10}
engagement:
  max: 60
  decay: {half_life: 30d}
  groups: {Email: {max: 10}}
  rules:
    - {name: Pricing page, event: page_viewed, when: {path: {starts_with: /pricing}}, points: 10, repeat: 5, max: 25}
    - {name: Email opened, event: email_opened, points: 1, at_most: 5, group: Email}
    - {name: Demo requested, event: demo_requested, points: 25, decay: {linear: 60d}}
    - {name: Unsubscribed, event: unsubscribed, points: -30, at_most: 1, decay: none}
grades: {A: 35, B: 20, C: 5, D: null}
levels: {1: 35, 2: 15, 3: 5, 4: null}
stages:
  - {name: Prospect, from: 0}
  - {name: Lead, from: 11}
  - {name: MQL, from: 41}
  - {name: SQL, from: 71, needs: {fit: {gte: 20}}}
"""
PEOPLE = {  # name, title, company, employees, domain
    "ann": ("Ann Archer", "CEO", "Acme", 800, "acme.com"),
    "bob": ("Bob Baker", "VP Sales", "Acme", 800, "acme.com"),
    "cleo": ("Cleo Cook", "Engineer", "Bolt", 120, "bolt.io"),
    "dan": ("Dan Dyer", "Student", None, None, "gmail.com"),
    "eve": ("Eve Earl", "Director", "Rival", 60, "rival.com"),
    "finn": ("Finn Fry", "Director of IT", "Dune", 60, "dune.org"),
}
COMPANIES = {"ann": "acme", "bob": "acme", "cleo": "bolt", "finn": "dune"}
DEEDS = (  # who, what, minutes ago, on which page
    ("ann", "demo_requested", 90, None), ("ann", "page_viewed", 60, "/pricing"),
    ("ann", "page_viewed", 50, "/pricing/team"), ("ann", "email_opened", 2_000, None),
    ("bob", "page_viewed", 14_400, "/pricing"), ("bob", "email_opened", 20_000, None),
    ("cleo", "page_viewed", 30, "/pricing"), ("cleo", "demo_requested", 20_160, None),
    ("dan", "email_opened", 300, None), ("dan", "unsubscribed", 200, None), ("eve", "demo_requested", 40, None),
    ("finn", "page_viewed", 43_200, "/docs"),
)  # fmt: skip


@dataclass
class Visitor(Client):
    """Somebody in a browser: asks for pages, fills in forms."""

    headers: dict[str, str] = field(default_factory=lambda: dict(OURS))

    def get(self, path: str, target: str | None = None, **how: Any) -> httpx.Response:
        """A page, or what htmx gets for the element with this id."""
        return self.request("GET", path, headers=as_htmx(target), **how)

    def send(self, path: str, target: str | None = None, **fields: Any) -> httpx.Response:
        """Send a form; redirects are not followed."""
        return self.request("POST", path, data=fields, headers=as_htmx(target))

    def page(self, path: str) -> Page:
        """A page that has to work, as a browser reads it."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-600:])
        return Page(answer.text)


class PagesWorld:
    """An app over a store with people in it. The clock stands at `NOW` until it is moved."""

    def __init__(self, store: Store, settings: Settings = PLENTY) -> None:
        self.store, self.settings, self.clock = store, settings, Clock(NOW)
        self.app = create_app(store, settings, clock=self.clock)

    def visitor(self, role: str | None = None) -> Visitor:
        """Somebody of a role who is logged in; without one, a stranger."""
        visitor = Visitor(self.app)
        if role is not None:
            let_in(visitor, self.store, self.settings, f"{role}@example.com", self.clock())
        return visitor


def as_htmx(target: str | None) -> dict[str, str]:
    """The headers of a request that fills the element with this id."""
    return {"HX-Request": "true", "HX-Target": f"div#{target}"} if target is not None else {}


def fill(store: Store) -> None:
    """Put the people, what they did, the model and a login of every role into an empty store, and score."""
    live = Live(store)
    with store.writing() as connection:
        for role in ROLES:
            wanted = NewUser(f"{role}@example.com", role.title(), role, HASH)
            create_user(connection, wanted, author="test", now=NOW)
    live.publish(MODEL)
    for lead_id, (name, title, company, employees, domain) in PEOPLE.items():
        traits: dict[str, Any] = {"name": name, "title": title, "email": f"{lead_id}@{domain}"}
        if company is not None:
            traits["company"] = {"name": company, "employees": employees}
        live.receive(message("identify", lead_id, minutes_ago=50_000, traits=traits))
    for lead_id, company in COMPANIES.items():
        live.receive(message("group", lead_id, group=company, minutes_ago=50_000, traits={"name": company.title()}))
    for lead_id, event, minutes_ago, path in DEEDS:
        kind = "page" if event == "page_viewed" else "track"
        properties = {"path": path} if path else {}
        live.receive(message(kind, lead_id, event=event, minutes_ago=minutes_ago, properties=properties))
    live.fold()
    live.score()


@cache
def _filled() -> Path:
    """A store with the people in it, made once for all tests of a process."""
    path = Path(tempfile.mkdtemp()) / "filled.db"
    store = open_store(f"sqlite:///{path}")
    CATALOGUE.create_all(store.engine)
    fill(store)
    store.close()  # what was in its journal is in the file now
    return path


def filled_copy(folder: Path) -> Store:
    """A store of its own with the people in it."""
    path = folder / "pages.db"
    shutil.copy(_filled(), path)
    return open_store(f"sqlite:///{path}")
