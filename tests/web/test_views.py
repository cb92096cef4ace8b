from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api_world import Api
from scoville.live.store.views import MOST

if TYPE_CHECKING:
    from api_world import Client
    from scoville.live.store.opening import Store


@pytest.fixture
def api(store: Store) -> Api:
    return Api(store)


def names(client: Client) -> list[str]:
    return [one["name"] for one in client.get("/v1/views").json()["views"]]


def test_a_view_is_kept_changed_and_deleted_by_who_saved_it(api: Api) -> None:
    sales = api.person("sales")
    made = sales.post("/v1/views", {"name": "Hot ones", "filters": "priority=hot&owner=mine"})
    assert made.status_code == 201
    path = f"/v1/views/{made.json()['view_id']}"

    assert sales.put(path, {"name": "Hotter", "filters": "min=80"}).status_code == 204
    (view,) = sales.get("/v1/views").json()["views"]
    assert (view["name"], view["filters"], view["is_mine"], view["is_shared"]) == ("Hotter", "min=80", True, False)
    assert sales.delete(path).status_code == 204
    assert sales.get("/v1/views").json() == {"views": []}


def test_marketing_shares_views_with_everybody_and_nobody_below_may(api: Api) -> None:
    viewer, sales, marketing = (api.person(role) for role in ("viewer", "sales", "marketing"))
    refused = sales.post("/v1/views", {"name": "Ours", "is_shared": True})
    assert (refused.status_code, "is for marketing" in refused.json()["message"]) == (422, True)

    view_id = marketing.post("/v1/views", {"name": "Ours", "is_shared": True}).json()["view_id"]
    viewer.post("/v1/views", {"name": "Mine"})
    assert (names(viewer), names(sales)) == (["Ours", "Mine"], ["Ours"])
    assert viewer.get("/v1/views").json()["views"][0]["is_mine"] is False
    assert sales.put(f"/v1/views/{view_id}", {"name": "Theirs"}).status_code == 422
    assert sales.delete(f"/v1/views/{view_id}").status_code == 422
    assert api.person("admin").delete(f"/v1/views/{view_id}").status_code == 204
    assert names(viewer) == ["Mine"]


def test_nobody_sees_or_changes_what_somebody_else_keeps_for_themselves(api: Api) -> None:
    kim = api.person("sales", "kim@example.com")
    view_id = kim.post("/v1/views", {"name": "Kim's"}).json()["view_id"]
    admin = api.person("admin")

    assert names(admin) == []
    assert admin.delete(f"/v1/views/{view_id}").status_code == 422
    assert names(kim) == ["Kim's"]


def test_a_shared_view_is_neither_changed_nor_deleted_over_a_change(api: Api) -> None:
    marketing, admin = api.person("marketing"), api.person("admin")
    path = f"/v1/views/{marketing.post('/v1/views', {'name': 'Ours', 'is_shared': True}).json()['view_id']}"
    read = admin.get("/v1/views").json()["views"][0]["version"]
    by_what_was_read = {"headers": {"If-Match": f'"{read}"', **admin.headers}}

    assert marketing.put(path, {"name": "Ours", "filters": "stage=SQL", "is_shared": True}).status_code == 204
    theirs = {"name": "Ours", "filters": "grade=A", "is_shared": True}
    for late in (admin.put(path, theirs, **by_what_was_read), admin.delete(path, **by_what_was_read)):
        assert (late.status_code, late.json()["code"]) == (412, "changed")
    assert admin.get("/v1/views").json()["views"][0]["filters"] == "stage=SQL"


def test_two_views_of_one_person_have_two_names_and_nobody_keeps_too_many(api: Api) -> None:
    sales = api.person("sales")
    assert sales.post("/v1/views", {"name": "Hot"}).status_code == 201
    again = sales.post("/v1/views", {"name": "HOT"})
    assert "you have a view named 'HOT' already" in again.json()["message"]
    for number in range(MOST - 1):
        assert sales.post("/v1/views", {"name": f"v{number}"}).status_code == 201
    assert "100 views already" in sales.post("/v1/views", {"name": "one more"}).json()["message"]


def test_a_program_has_no_views(api: Api) -> None:
    assert api.key("admin").get("/v1/views").status_code == 403
