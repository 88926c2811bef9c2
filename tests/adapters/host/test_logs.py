from __future__ import annotations

import io
import json
import logging

import legion_llm
import pytest
from legion_llm.messages.chat import ChatMessage, Request
from legion_llm.messages.routing import Infer
from legion_llm.runtime.envelope import Envelope, current_ask


@pytest.fixture
def log():
    """What a host that wants lines of JSON has set up: returns what reads them."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(legion_llm.JsonLogFormatter())
    handler.addFilter(legion_llm.RequestIdFilter())
    logger = logging.getLogger("legion_llm")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def test_every_request_is_a_line_with_its_id_and_its_numbers(log):
    with legion_llm.start({"providers": {"demo": {}}}, environ={}) as legion:
        response = legion.chat("a prompt").get(timeout=10)

    [line] = [line for line in log() if line["logger"] == "legion_llm.requests"]
    assert (line["request_id"], line["outcome"], line["attempts"]) == (response.request_id, "success", 1)
    assert (line["level"], line["target"], line["output_tokens"]) == ("INFO", "demo/demo", response.usage.output_tokens)
    assert "a prompt" not in json.dumps(log())


def test_what_is_logged_while_a_request_is_worked_on_has_its_id(log):
    request = Request(id="req_1", messages=(ChatMessage(content="hi"),))
    before = current_ask.set(Envelope(Infer(request=request)))

    logging.getLogger("legion_llm.elsewhere").warning("within")
    current_ask.reset(before)
    logging.getLogger("legion_llm.elsewhere").warning("without")

    assert [line.get("request_id") for line in log()] == ["req_1", None]


def test_a_field_that_json_cannot_say_is_named_by_its_type(log):
    logging.getLogger("legion_llm.elsewhere").warning("said", extra={"thing": object()})

    assert log()[0]["thing"] == "<object>"


def test_an_exception_is_part_of_its_line(log):
    try:
        {}["lost"]
    except KeyError:
        logging.getLogger("legion_llm.elsewhere").exception("failed")

    [line] = log()
    assert (line["message"], "KeyError: 'lost'" in line["exception"]) == ("failed", True)
