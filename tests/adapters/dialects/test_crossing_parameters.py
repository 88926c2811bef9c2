"""Parameters, on their way from every dialect that clients speak to every kind of provider; see `test_crossing_content.py`."""

from __future__ import annotations

import json

CHAT, RESPONSES, ANTHROPIC, GEMINI = "openai.chat", "openai.responses", "anthropic.messages", "gemini.generate"
OLLAMA = "ollama.chat"
KINDS = ("openai", "responses", "vllm", "anthropic", "gemini", "bedrock", "ollama")

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


def only(**said):
    """What some dialects say, and the others cannot."""
    names = {"chat": CHAT, "responses": RESPONSES, "anthropic": ANTHROPIC, "gemini": GEMINI, "ollama": OLLAMA}
    return {dialect: said.get(key) for key, dialect in names.items()}


def config(**fields):
    return {"generationConfig": fields}


def all_but(*kinds, **heard):
    """Cells for every kind of provider: `heard` by kind, for the others that it is lost."""
    return {kind: heard.get(kind, ("lost", kinds[0])) for kind in KINDS}


TABLE = {
    "an effort": {
        "said": only(
            chat={"reasoning_effort": "high"},
            responses={"reasoning": {"effort": "high"}},
            gemini=config(thinkingConfig={"thinkingLevel": "HIGH"}),
            ollama={"think": "high"},
        ),
        "heard": {
            "openai": {"reasoning_effort": "high"},
            "responses": {"reasoning": {"effort": "high"}},
            "vllm": {"reasoning_effort": "high"},
            "anthropic": [
                {"thinking": {"type": "enabled", "budget_tokens": 16384}},
                ("lost", "effort 'high' was put as a budget"),
            ],
            "gemini": [{"thinkingConfig": {"thinkingBudget": 24576}}, ("lost", "effort 'high' was put as a budget")],
            "bedrock": [
                {"thinking": {"type": "enabled", "budget_tokens": 16384}},
                ("lost", "effort 'high' was put as a budget"),
            ],
            "ollama": {"think": "high"},
        },
    },
    "a budget for thinking": {
        "said": only(
            anthropic={"thinking": {"type": "enabled", "budget_tokens": 4096}, "max_tokens": 9000},
            gemini=config(thinkingConfig={"thinkingBudget": 4096}),
        ),
        "heard": {
            "openai": [{"reasoning_effort": "medium"}, ("lost", "4096 thinking tokens was put as an effort")],
            "responses": [{"reasoning": {"effort": "medium"}}, ("lost", "4096 thinking tokens was put as an effort")],
            "vllm": [{"reasoning_effort": "medium"}, ("lost", "4096 thinking tokens was put as an effort")],
            "anthropic": {"thinking": {"type": "enabled", "budget_tokens": 4096}},
            "gemini": {"thinkingConfig": {"thinkingBudget": 4096}},
            "bedrock": {"thinking": {"type": "enabled", "budget_tokens": 4096}},
            "ollama": [{"think": True}, ("lost", "has no budget for thinking")],
        },
    },
    "thinking as the model sees fit": {
        "said": only(
            anthropic={"thinking": {"type": "adaptive"}}, gemini=config(thinkingConfig={"thinkingBudget": -1})
        ),
        "heard": {
            "openai": "Hi",
            "responses": "Hi",
            "vllm": "Hi",
            "anthropic": [{"budget_tokens": 4096}, ("lost", "thinking as the model sees fit was put as a budget")],
            "gemini": {"thinkingConfig": {"thinkingBudget": -1}},
            "bedrock": [{"budget_tokens": 4096}, ("lost", "thinking as the model sees fit was put as a budget")],
            "ollama": "Hi",
        },
    },
    "thinking, no matter how hard": {
        "said": only(ollama={"think": True}),
        "heard": {
            **dict.fromkeys(KINDS, ("lost", "whether it thinks was left to the model")),
            "anthropic": {"thinking": {"type": "enabled", "budget_tokens": 4096}},
            "gemini": {"thinkingConfig": {"includeThoughts": True, "thinkingBudget": -1}},
            "bedrock": {"thinking": {"type": "enabled", "budget_tokens": 4096}},
        },
    },
    "the greatest effort": {
        "said": only(anthropic={"output_config": {"effort": "max"}}),
        "heard": {
            "openai": [{"reasoning_effort": "xhigh"}, ("lost", "effort 'max' was put as xhigh")],
            "responses": [{"effort": "xhigh"}, ("lost", "effort 'max' was put as xhigh")],
            "vllm": [{"reasoning_effort": "xhigh"}, ("lost", "effort 'max' was put as xhigh")],
            "anthropic": {"output_config": {"effort": "max"}},
            "gemini": [{"thinkingBudget": 24576}, ("lost", "effort 'max' was put as a budget")],
            "bedrock": [{"budget_tokens": 16384}, ("lost", "effort 'max' was put as a budget")],
            "ollama": [{"think": True}, ("lost", "effort 'max' was put as True")],
        },
    },
    "no thinking": {
        "said": only(
            chat={"reasoning_effort": "none"},
            responses={"reasoning": {"effort": "none"}},
            anthropic={"thinking": {"type": "disabled"}},
            gemini=config(thinkingConfig={"thinkingBudget": 0}),
            ollama={"think": False},
        ),
        "heard": {
            "openai": {"reasoning_effort": "none"},
            "responses": {"reasoning": {"effort": "none"}},
            "vllm": {"reasoning_effort": "none"},
            "anthropic": "Hi",
            "gemini": {"thinkingConfig": {"thinkingBudget": 0}},
            "bedrock": "Hi",
            "ollama": {"think": False},
            **{
                f"{source} > {kind}": ("lost", "thinking was not switched off")
                for source in (ANTHROPIC, GEMINI, OLLAMA)
                for kind in ("openai", "vllm", "responses")
            },
        },
    },
    "an answer of a shape": {
        "said": only(
            chat={"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}},
            responses={"text": {"format": {"type": "json_schema", "name": "a", "schema": SCHEMA}}},
            anthropic={"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
            gemini=config(responseMimeType="application/json", responseJsonSchema=SCHEMA),
            ollama={"format": SCHEMA},
        ),
        "heard": {
            "openai": {"response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}}},
            "responses": {"format": {"type": "json_schema", "schema": SCHEMA}},
            "vllm": {"response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}}},
            "anthropic": {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
            "gemini": {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA},
            "bedrock": {
                "type": "json_schema",
                "structure": {"jsonSchema": {"schema": json.dumps(SCHEMA, separators=(",", ":"))}},
            },
            "ollama": {"format": SCHEMA},
        },
    },
    "what a shape is about": {
        "said": only(
            chat={
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "a", "description": "A city.", "schema": SCHEMA},
                }
            },
            responses={
                "text": {"format": {"type": "json_schema", "name": "a", "description": "A city.", "schema": SCHEMA}}
            },
        ),
        "heard": all_but(
            "the description of the answer's schema was left out",
            openai={"description": "A city."},
            vllm={"description": "A city."},
            responses={"description": "A city."},
            bedrock={"description": "A city."},
        ),
    },
    "an answer in JSON of any shape": {
        "said": only(
            chat={"response_format": {"type": "json_object"}},
            responses={"text": {"format": {"type": "json_object"}}},
            gemini=config(responseMimeType="application/json"),
            ollama={"format": "json"},
        ),
        "heard": {
            "openai": {"response_format": {"type": "json_object"}},
            "responses": {"format": {"type": "json_object"}},
            "vllm": {"response_format": {"type": "json_object"}},
            "anthropic": ("lost", "json_object was left out"),
            "gemini": {"responseMimeType": "application/json"},
            "bedrock": ("lost", "json_object was left out"),
            "ollama": {"format": "json"},
        },
    },
    "sampling": {
        "said": only(
            chat={"temperature": 0.5, "max_tokens": 99, "stop": ["x"]},
            responses={"temperature": 0.5, "max_output_tokens": 99},
            anthropic={"temperature": 0.5, "max_tokens": 99, "stop_sequences": ["x"]},
            gemini=config(temperature=0.5, maxOutputTokens=99, stopSequences=["x"]),
            ollama={"options": {"temperature": 0.5, "num_predict": 99, "stop": ["x"]}},
        ),
        "heard": {
            **{
                f"{source} > responses": [
                    {"temperature": 0.5, "max_output_tokens": 99},
                    ("lost", "stop was left out"),
                ]
                for source in (CHAT, ANTHROPIC, GEMINI, OLLAMA)
            },
            "openai": {"temperature": 0.5, "max_completion_tokens": 99},
            "responses": {"temperature": 0.5, "max_output_tokens": 99},
            "vllm": {"temperature": 0.5, "max_tokens": 99},
            "anthropic": {"temperature": 0.5, "max_tokens": 99},
            "gemini": {"temperature": 0.5, "maxOutputTokens": 99},
            "bedrock": {"temperature": 0.5, "maxTokens": 99},
            "ollama": {"temperature": 0.5, "num_predict": 99},
        },
    },
    "a limit under its newer name": {
        "said": only(chat={"max_completion_tokens": 99}),
        "heard": {
            "openai": {"max_completion_tokens": 99},
            "responses": {"max_output_tokens": 99},
            "vllm": {"max_completion_tokens": 99},
            "anthropic": {"max_tokens": 99},
            "gemini": {"maxOutputTokens": 99},
            "bedrock": {"maxTokens": 99},
            "ollama": {"num_predict": 99},
        },
    },
    "where to stop": {
        "said": only(chat={"stop": "x"}, anthropic={"stop_sequences": ["x"]}, gemini=config(stopSequences=["x"])),
        "heard": {
            "openai": {"stop": ["x"]},
            "responses": ("lost", "stop was left out"),
            "vllm": {"stop": ["x"]},
            "anthropic": {"stop_sequences": ["x"]},
            "gemini": {"stopSequences": ["x"]},
            "bedrock": {"stopSequences": ["x"]},
            "ollama": {"stop": ["x"]},
            f"{CHAT} > openai": {"stop": ["x"]},
            f"{CHAT} > vllm": {"stop": ["x"]},
        },
    },
    "top_p": {
        "said": only(
            chat={"top_p": 0.5},
            responses={"top_p": 0.5},
            anthropic={"top_p": 0.5},
            gemini=config(topP=0.5),
            ollama={"options": {"top_p": 0.5}},
        ),
        "heard": {
            "openai": {"top_p": 0.5},
            "responses": {"top_p": 0.5},
            "vllm": {"top_p": 0.5},
            "anthropic": {"top_p": 0.5},
            "gemini": {"topP": 0.5},
            "bedrock": {"topP": 0.5},
            "ollama": {"top_p": 0.5},
        },
    },
    "top_k": {
        "said": only(
            chat={"top_k": 5}, anthropic={"top_k": 5}, gemini=config(topK=5), ollama={"options": {"top_k": 5}}
        ),
        "heard": {
            "openai": ("lost", "top_k was left out"),
            "responses": ("lost", "top_k was left out"),
            "vllm": {"top_k": 5},
            "anthropic": {"top_k": 5},
            "gemini": {"topK": 5},
            "bedrock": {"top_k": 5},
            "ollama": {"top_k": 5},
        },
    },
    "a temperature that not everybody knows": {
        "said": only(
            chat={"temperature": 1.5},
            responses={"temperature": 1.5},
            gemini=config(temperature=1.5),
            ollama={"options": {"temperature": 1.5}},
        ),
        "heard": {
            "openai": {"temperature": 1.5},
            "responses": {"temperature": 1.5},
            "vllm": {"temperature": 1.5},
            "anthropic": [{"temperature": 1}, ("lost", "temperature 1.5 was lowered to 1")],
            "gemini": {"temperature": 1.5},
            "bedrock": [{"temperature": 1}, ("lost", "temperature 1.5 was lowered to 1")],
            "ollama": {"temperature": 1.5},
        },
    },
    "seed": {
        "said": only(chat={"seed": 7}, gemini=config(seed=7), ollama={"options": {"seed": 7}}),
        "heard": all_but(
            "seed was left out", openai={"seed": 7}, vllm={"seed": 7}, gemini={"seed": 7}, ollama={"seed": 7}
        ),
    },
    "penalties": {
        "said": only(
            chat={"presence_penalty": 1}, gemini=config(presencePenalty=1), ollama={"options": {"presence_penalty": 1}}
        ),
        "heard": all_but(
            "presence_penalty was left out",
            openai={"presence_penalty": 1},
            vllm={"presence_penalty": 1},
            gemini={"presencePenalty": 1},
            ollama={"presence_penalty": 1},
        ),
    },
    "notes of the client": {
        "said": only(chat={"metadata": {"a": "b"}}, anthropic={"metadata": {"user_id": "u"}}),
        "heard": dict.fromkeys(KINDS, ("lost", "metadata was left out")),
    },
    "what OpenAI's dialects share": {
        "said": only(responses={"prompt_cache_key": "k", "text": {"verbosity": "low"}}),
        "heard": {
            **{
                kind: [("lost", "prompt_cache_key was left out"), ("lost", "text.verbosity was left out")]
                for kind in KINDS
            },
            "openai": {"prompt_cache_key": "k", "verbosity": "low"},
        },
    },
    "what answers of the responses API are kept with": {
        "said": only(responses={"store": True, "metadata": {"a": "b"}}),
        "heard": {**dict.fromkeys(KINDS, "Hi"), f"{RESPONSES} > responses": {"store": False, "metadata": {"a": "b"}}},
    },
    "options of one vendor": {
        "said": only(gemini=config(mediaResolution="LOW"), ollama={"options": {"repeat_penalty": 1.1}}),
        "heard": dict.fromkeys(
            KINDS, ("lost", "(generationConfig.mediaResolution|options.repeat_penalty) was left out")
        ),
    },
    "how long a model stays in memory": {
        "said": only(ollama={"keep_alive": "5m"}),
        "heard": {
            **dict.fromkeys(KINDS, ("lost", "keep_alive was left out")),
            f"{OLLAMA} > ollama": ("lost", "keep_alive was left out"),
        },
    },
    "who the user is": {
        "said": only(chat={"user": "u"}, responses={"user": "u"}),
        "heard": all_but("user was left out", openai={"user": "u"}, responses={"user": "u"}, vllm={"user": "u"}),
    },
    "a parameter that nobody knows": {
        "said": only(chat={"odd": 1}, responses={"odd": 1}, anthropic={"odd": 1}, gemini={"odd": 1}, ollama={"odd": 1}),
        "heard": all_but("odd was left out"),
    },
    "a parameter that nobody knows and that is null": {
        "said": only(
            chat={"odd": None},
            responses={"odd": None},
            anthropic={"odd": None},
            gemini={"odd": None},
            ollama={"odd": None},
        ),
        "heard": dict.fromkeys(KINDS, "Hi"),
    },
    "what says no more than nothing would": {
        "said": only(
            chat={"store": False, "logprobs": False, "service_tier": "auto"},
            responses={"store": False, "background": False, "truncation": "disabled", "top_logprobs": 0},
            anthropic={"service_tier": "auto"},
        ),
        "heard": {**dict.fromkeys(KINDS, "Hi"), f"{RESPONSES} > responses": "Hi"},
    },
}


def test_parameters_arrive_or_are_told_to_be_lost_or_are_refused(crossed, row, source, target):
    assert crossed(row, source, target)


def test_no_cell_is_missing(is_whole):
    assert is_whole(TABLE)
