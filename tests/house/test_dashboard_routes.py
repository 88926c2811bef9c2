"""What the dashboard is made of, without a browser: its files, its data, and who gets them."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import orjson
import pytest
from legion_llm.adapters.http.ui.files import PAGE, files

UI = Path(__file__).parents[2] / "adapters" / "http" / "ui"
KEYS = {"ann": "key-of-ann", "watch": {"key": "key-of-watch", "inspect": True}}
DATA = ("overview", "actor?path=router", "requests", "usage?hours=2")


def got(legion, path, **headers):
    return httpx.get(f"{legion.url}{path}", headers=headers, trust_env=False)


def test_every_file_is_served_and_may_load_nothing_from_elsewhere(serving):
    legion = serving({"demo": {}})

    with httpx.Client(base_url=legion.url, trust_env=False) as client:
        for path in ("/ui", *[f"/ui/{name}" for name in files()]):
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")


@pytest.mark.parametrize("name", ["nothing.js", "files.py", "__init__.py", "..%2f..%2fapp.py", "%2e%2e/app.py"])
def test_nothing_else_is_served(serving, name):
    assert got(serving({"demo": {}}), f"/ui/{name}").status_code == 404


def test_the_page_names_no_address_but_its_own():
    for name, (body, _) in files().items():
        addresses = set(re.findall(rb"https?://[^\"' )]+", body)) - {b"http://www.w3.org/2000/svg"}
        assert addresses == set(), name


def test_every_file_that_is_loaded_is_there():
    page = files()[PAGE][0].decode()
    modules = "".join(body.decode() for name, (body, _) in files().items() if name.endswith(".js"))

    loaded = {*re.findall(r'"ui/([\w.]+)"', page), *re.findall(r'from "\./([\w.]+)"', modules)}

    assert loaded <= set(files())
    assert {name for name in files() if name.endswith(".js")} <= loaded


@pytest.mark.parametrize("what", DATA)
def test_data_is_for_those_who_may_look_in(serving, what):
    legion = serving({"demo": {}}, api={"port": 0, "keys": KEYS})
    path = f"/api/llm/inspect/{what}"

    statuses = [
        got(legion, path, **({"x-api-key": key} if key else {})).status_code
        for key in (None, "key-of-ann", "key-of-watch")
    ]

    assert statuses == [401, 403, 200]


def test_a_timeline_is_for_those_who_may_look_in_too(serving):
    """Its route is a pattern: access goes by the matched route."""
    legion = serving({"demo": {}}, api={"port": 0, "keys": KEYS})
    path = f"/api/llm/inspect/requests/{legion.chat('hi').get(timeout=10).request_id}"

    assert got(legion, path, **{"x-api-key": "key-of-ann"}).status_code == 403
    told = got(legion, path, **{"x-api-key": "key-of-watch"}).json()["data"]
    assert told["routing"]["provider"] == "demo"


def test_with_keys_the_page_itself_is_for_everybody_since_it_shows_nothing(serving):
    legion = serving({"demo": {}}, api={"port": 0, "keys": KEYS})

    assert got(legion, "/ui").status_code == got(legion, "/ui/main.js").status_code == 200


@pytest.mark.parametrize("path", ["/ui", "/ui/main.js", "/api/llm/inspect/overview", "/api/llm/inspect/requests/req_1"])
def test_without_keys_a_page_of_another_origin_gets_nothing(serving, path):
    assert got(serving({"demo": {}}), path, host="rebound.example").status_code == 403


def test_it_can_be_switched_off(serving):
    legion = serving({"demo": {}}, api={"port": 0, "dashboard": False})

    assert got(legion, "/ui").status_code == 404


@pytest.mark.parametrize("what", ["requests?most=x", "requests?most=0", "usage?hours=0", "usage?hours=99999"])
def test_numbers_out_of_range_are_refused(serving, what):
    answer = got(serving({"demo": {}}), f"/api/llm/inspect/{what}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


def test_it_is_told_live_how_things_stand_and_a_stop_ends_that(serving):
    legion = serving({"demo": {}})
    with httpx.stream("GET", f"{legion.url}/api/llm/inspect/live", trust_env=False, timeout=10) as answer:
        lines = answer.iter_lines()
        event, data = next(lines), next(lines)
        legion.shutdown()
        list(lines)

    assert event == "event: overview"
    assert orjson.loads(data.removeprefix("data: "))["state"] == "ready"
