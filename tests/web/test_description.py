from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import Phase, given, settings

from api_world import BASE, Api
from live_world import new_store
from scoville.web.auth.access import ACCESS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case

pytestmark = pytest.mark.filterwarnings("ignore")  # of the tool's own: it is not what is tested here
SLOW_OR_ENDING = {"POST /v1/session", "POST /v1/users"}  # a password takes 0.2 s on purpose


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with new_store("sqlite", tmp_path_factory.mktemp("api"), None) as store:
        made = Api(store)
        made.world.lead("ann", 70.0, name="Ann")
        made.world.lead("1", 50.0)
        made.world.crossing("ann")
        yield made


@pytest.fixture(scope="module")
def description(api: Api) -> Any:
    return schemathesis.openapi.from_dict(api.app.openapi())


def test_every_route_is_described_with_a_tag_and_a_summary(api: Api) -> None:
    described = api.app.openapi()["paths"]
    found = {
        f"{method.upper()} {path}": operation for path, item in described.items() for method, operation in item.items()
    }

    assert {*found} == {*ACCESS}
    assert [name for name, one in found.items() if not one.get("tags") or not one.get("summary")] == []


@pytest.mark.parametrize("route", [route for route in ACCESS if route not in SLOW_OR_ENDING])
def test_whatever_the_description_allows_is_no_error_of_ours(api: Api, description: Any, route: str) -> None:
    method, path = route.split(" ")
    client = api.key("admin")

    @settings(max_examples=10, derandomize=True, database=None, phases=[Phase.generate])
    @given(case=description[path][method].as_strategy())
    def asked(case: Case[Any]) -> None:
        how = case.as_transport_kwargs(base_url=BASE)
        body = {name: how[name] for name in ("json", "data") if name in how}
        headers = {**{str(name): value for name, value in dict(how.get("headers") or {}).items()}, **client.headers}
        answer = client.request(method, how["url"], headers=headers, params=how.get("params"), **body)
        assert answer.status_code < 500, (how, answer.text)

    asked()


def test_the_description_says_how_to_get_in_and_what_errors_look_like(api: Api) -> None:
    described = api.key("read").get("/openapi.json").json()

    assert {*described["components"]["securitySchemes"]} == {"key", "session"}
    assert "HTTPValidationError" not in described["components"]["schemas"]
    answers = described["paths"]["/v1/leads"]["get"]["responses"]
    assert answers["422"]["content"]["application/json"]["schema"]["$ref"].endswith("/Failure")
