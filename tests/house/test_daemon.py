"""`legion.ask`: another gateway first, this one where that cannot."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import legion_llm
import pytest
from legion_llm.messages.errors import DaemonDeniedError, DaemonRateLimitedError, SettingsError
from legion_llm.messages.settings import DaemonSettings


class Script(BaseHTTPRequestHandler):
    """Says what the test wants said, and notes what it was asked."""

    def do_GET(self):
        self._say(self.server.answers.get(self.path.partition("?")[0], (404, {}, {})))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append((self.path, json.loads(body), dict(self.headers)))
        self._say(self.server.answers[self.path])

    def _say(self, answer):
        status, body, headers = answer.pop(0) if isinstance(answer, list) else answer
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@contextmanager
def scripted(**answers):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Script)
    server.asked = []
    server.answers = {"/api/health": (200, {"status": "ready"}, {}), **answers}
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def url_of(server):
    return f"http://127.0.0.1:{server.server_address[1]}"


@pytest.fixture
def asking(embedded):
    """A gateway that asks a daemon first."""

    def start(url, **more):
        return embedded({"demo": {}}, daemon={"url": url, **more})

    return start


CHAT = "/api/llm/chat"
ANSWER = {"response": "from afar", "meta": {"tier": "cloud", "tokens_in": 1}}


@pytest.mark.parametrize("body", [{"data": ANSWER}, ANSWER], ids=["enveloped", "bare"])
@pytest.mark.parametrize("status", [200, 201])
def test_the_daemon_answers(asking, status, body):
    with scripted(**{CHAT: (status, body, {})}) as daemon:
        result = asking(url_of(daemon), key="sk-1").ask("hi", tier="cloud", system="Be brief.").get(timeout=10)

    assert (result.text, result.via, result.meta["tier"]) == ("from afar", "daemon", "cloud")
    path, body, headers = daemon.asked[0]
    assert (path, body["message"], body["tier_preference"], body["context"]) == (CHAT, "hi", "cloud", "Be brief.")
    assert (headers["authorization"], body["request_id"]) == ("Bearer sk-1", result.request_id)


def test_a_promised_answer_is_fetched(asking):
    answers = {
        CHAT: (202, {"data": {"poll": "/api/llm/chat/r"}}, {}),
        "/api/llm/chat/r": [(202, {"data": {"status": "pending"}}, {}), (200, {"data": ANSWER}, {})],
    }
    with scripted(**answers) as daemon:
        result = asking(url_of(daemon)).ask("hi").get(timeout=10)

    assert (result.text, result.via) == ("from afar", "daemon")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((403, {"error": {"code": "x", "message": "not you"}}, {}), DaemonDeniedError),
        ((429, {"error": "enough"}, {"retry-after": "7"}), DaemonRateLimitedError),
    ],
)
def test_a_refusal_is_not_gone_round(asking, answer, error):
    with scripted(**{CHAT: answer}) as daemon, pytest.raises(error, match=r"not you|enough") as refused:
        asking(url_of(daemon)).ask("hi").get(timeout=10)

    assert refused.value.retry_after == (7.0 if error is DaemonRateLimitedError else None)


@pytest.mark.parametrize(
    "answer",
    [(503, {"error": {"message": "draining"}}, {}), (500, b"<html>", {}), (404, {}, {}), (202, {"data": {}}, {})],
    ids=["unavailable", "broken", "no such route", "a promise without a place"],
)
def test_a_daemon_that_cannot_answer_is_gone_round(asking, answer):
    with scripted(**{CHAT: answer}) as daemon:
        result = asking(url_of(daemon)).ask("hi").get(timeout=10)

    assert (result.via, result.meta["provider"]) == ("direct", "demo")


def test_a_daemon_that_is_not_there_is_gone_round(asking):
    with scripted() as daemon:
        url = url_of(daemon)

    assert asking(url).ask("hi").get(timeout=10).via == "direct"


def test_a_daemon_that_is_not_ready_is_gone_round(asking):
    with scripted(**{"/api/health": (503, {"status": "not ready"}, {})}) as daemon:
        assert asking(url_of(daemon)).ask("hi").get(timeout=10).via == "direct"

    assert daemon.asked == []


def test_without_a_daemon_the_answer_is_direct(embedded):
    assert embedded({"demo": {}}).ask("hi").get(timeout=10).via == "direct"


def test_a_gateway_does_not_ask_itself(serving, embedded):
    itself = serving({"demo": {}})

    assert embedded({"demo": {}}, daemon={"url": itself.url}).ask("hi").get(timeout=10).via == "direct"


def test_its_health_is_looked_at_once_for_all_who_ask(asking):
    with scripted(**{CHAT: (200, {"data": ANSWER}, {})}) as daemon:
        legion = asking(url_of(daemon))
        daemon.answers["/api/health"] = [(200, {"status": "ready"}, {})]  # a second look would find nothing

        results = [reply.get(timeout=10) for reply in [legion.ask(f"hi {number}") for number in range(5)]]

    assert {result.via for result in results} == {"daemon"}
    assert legion.inspect("daemon")["snapshot"]["answers"]["done"] == 5


@pytest.mark.parametrize("url", ["localhost:4567", "ftp://x", "http://"])
def test_a_url_that_is_none_is_refused(url):
    with pytest.raises(SettingsError, match="http or https URL"):
        DaemonSettings(url=url)


def test_one_message_is_asked(embedded):
    with pytest.raises(legion_llm.InvalidRequestError):
        embedded({"demo": {}}).ask(["hi"])
