"""Pictures, documents and sound, on their way from every dialect that clients speak to every kind of provider; see `test_crossing_content.py`."""

from __future__ import annotations

CHAT, RESPONSES, ANTHROPIC, GEMINI = "openai.chat", "openai.responses", "anthropic.messages", "gemini.generate"
OLLAMA = "ollama.chat"
# The first bytes of a picture tell its type, where its dialect does not.
PNG = "iVBORw0KGgo="
URL = "https://example.org/cat.png"


def chat(*parts):
    return {"messages": [{"role": "user", "content": list(parts)}]}


def responses(*parts):
    return {"input": [{"role": "user", "content": list(parts)}]}


def gemini(*parts):
    return {"contents": [{"role": "user", "parts": list(parts)}]}


BEFORE = ("lost", "a text was put before a document")

TABLE = {
    "picture by value": {
        "said": {
            CHAT: chat({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}),
            RESPONSES: responses({"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}),
            ANTHROPIC: chat({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}),
            GEMINI: gemini({"inlineData": {"mimeType": "image/png", "data": PNG}}),
            OLLAMA: {"messages": [{"role": "user", "content": "", "images": [PNG]}]},
        },
        "heard": {
            "openai": {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
            "responses": {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"},
            "vllm": {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
            "anthropic": {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": PNG},
            },
            "gemini": {"inlineData": {"mimeType": "image/png", "data": PNG}},
            "bedrock": {"image": {"format": "png", "source": {"bytes": PNG}}},
            "ollama": {"images": [PNG]},
        },
    },
    "picture by URL": {
        "said": {
            CHAT: chat({"type": "image_url", "image_url": {"url": URL}}),
            RESPONSES: responses({"type": "input_image", "image_url": URL}),
            ANTHROPIC: chat({"type": "image", "source": {"type": "url", "url": URL}}),
            GEMINI: gemini({"fileData": {"mimeType": "image/png", "fileUri": URL}}),
            OLLAMA: None,
        },
        "heard": {
            "openai": {"image_url": {"url": URL}},
            "responses": {"type": "input_image", "image_url": URL},
            "vllm": {"image_url": {"url": URL}},
            "anthropic": {"source": {"type": "url", "url": URL}},
            "gemini": {"fileData": {"mimeType": "image/png", "fileUri": URL}},
            "bedrock": ("refused", "image_url"),
            "ollama": ("refused", "image_url"),
        },
    },
    "picture that lies with a vendor": {
        "said": {
            CHAT: None,
            RESPONSES: responses({"type": "input_image", "file_id": "file-1"}),
            ANTHROPIC: chat({"type": "image", "source": {"type": "file", "file_id": "file-1"}}),
            GEMINI: gemini({"fileData": {"mimeType": "image/png", "fileUri": "files/1"}}),
            OLLAMA: None,
        },
        "heard": {
            "openai": ("refused", "file"),
            "responses": ("refused", "file"),
            "vllm": ("refused", "file"),
            "anthropic": ("refused", "file"),
            "gemini": ("refused", "file"),
            "bedrock": ("refused", "file"),
            "ollama": ("refused", "file"),
            f"{RESPONSES} > openai": ("refused", "image_file"),
            f"{RESPONSES} > vllm": ("refused", "image_file"),
        },
    },
    "how closely to look at a picture": {
        "said": {
            CHAT: chat({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}}),
            RESPONSES: responses({"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "low"}),
            ANTHROPIC: None,
            GEMINI: None,
            OLLAMA: None,
        },
        "heard": {
            "openai": {"detail": "low"},
            "responses": {"detail": "low"},
            "vllm": {"detail": "low"},
            "anthropic": ("lost", "detail 'low' of a picture"),
            "gemini": ("lost", "detail 'low' of a picture"),
            "bedrock": ("lost", "detail 'low' of a picture"),
            "ollama": ("lost", "detail 'low' of a picture"),
        },
    },
    "document by value": {
        "said": {
            CHAT: chat({"type": "file", "file": {"filename": "a", "file_data": "data:application/pdf;base64,UERG"}}),
            RESPONSES: responses(
                {"type": "input_file", "filename": "a", "file_data": "data:application/pdf;base64,UERG"}
            ),
            ANTHROPIC: chat(
                {
                    "type": "document",
                    "title": "a",
                    "source": {"type": "base64", "media_type": "application/pdf", "data": "UERG"},
                }
            ),
            GEMINI: gemini({"inlineData": {"mimeType": "application/pdf", "data": "UERG"}}),
            OLLAMA: None,
        },
        "heard": {
            "openai": {"file": {"file_data": "data:application/pdf;base64,UERG"}},
            "responses": {"type": "input_file", "file_data": "data:application/pdf;base64,UERG"},
            "vllm": {"file": {"file_data": "data:application/pdf;base64,UERG"}},
            "anthropic": {"type": "base64", "media_type": "application/pdf", "data": "UERG"},
            "gemini": {"inlineData": {"mimeType": "application/pdf", "data": "UERG"}},
            "bedrock": [{"document": {"format": "pdf", "source": {"bytes": "UERG"}}}, BEFORE],
            "ollama": ("refused", "document"),
        },
    },
    "document by URL": {
        "said": {
            CHAT: None,
            RESPONSES: responses({"type": "input_file", "file_url": "https://example.org/a.pdf"}),
            ANTHROPIC: chat({"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}}),
            GEMINI: gemini({"fileData": {"mimeType": "application/pdf", "fileUri": "https://example.org/a.pdf"}}),
            OLLAMA: None,
        },
        "heard": {
            "openai": ("refused", "document_url"),
            "responses": {"type": "input_file", "file_url": "https://example.org/a.pdf"},
            "vllm": ("refused", "document_url"),
            "anthropic": {"source": {"type": "url", "url": "https://example.org/a.pdf"}},
            "gemini": {"fileData": {"mimeType": "application/pdf", "fileUri": "https://example.org/a.pdf"}},
            "bedrock": ("refused", "document_url"),
            "ollama": ("refused", "document"),
        },
    },
    "document of text": {
        "said": {
            CHAT: None,
            RESPONSES: responses(
                {"type": "input_file", "filename": "a", "file_data": "data:text/plain;base64,V29yZHM="}
            ),
            ANTHROPIC: chat(
                {
                    "type": "document",
                    "title": "a",
                    "source": {"type": "text", "media_type": "text/plain", "data": "Words"},
                }
            ),
            GEMINI: gemini({"inlineData": {"mimeType": "text/plain", "data": "V29yZHM="}}),
            OLLAMA: None,
        },
        "heard": {
            f"{ANTHROPIC} > responses": [{"type": "input_text", "text": "Words"}, ("lost", "title of a document")],
            "openai": {"type": "text", "text": "Words"},
            "responses": {"type": "input_text", "text": "Words"},
            "vllm": {"type": "text", "text": "Words"},
            "anthropic": {"source": {"type": "text", "media_type": "text/plain", "data": "Words"}},
            "gemini": {"inlineData": {"mimeType": "text/plain", "data": "V29yZHM="}},
            "bedrock": [{"document": {"format": "txt", "source": {"bytes": "V29yZHM="}}}, BEFORE],
            "ollama": "Words",
            f"{ANTHROPIC} > openai": [{"type": "text", "text": "Words"}, ("lost", "title of a document")],
            f"{ANTHROPIC} > vllm": [{"type": "text", "text": "Words"}, ("lost", "title of a document")],
            f"{ANTHROPIC} > ollama": ["Words", ("lost", "title of a document")],
            f"{RESPONSES} > openai": {"file": {"file_data": "data:text/plain;base64,V29yZHM="}},
            f"{RESPONSES} > vllm": {"file": {"file_data": "data:text/plain;base64,V29yZHM="}},
            f"{RESPONSES} > ollama": ("refused", "document"),
        },
    },
    "what may be quoted of a document": {
        "said": {
            CHAT: None,
            RESPONSES: None,
            ANTHROPIC: chat(
                {
                    "type": "document",
                    "citations": {"enabled": True},
                    "source": {"type": "base64", "media_type": "application/pdf", "data": "UERG"},
                }
            ),
            GEMINI: None,
            OLLAMA: None,
        },
        "heard": {
            "openai": ("lost", "citations of a document block"),
            "responses": ("lost", "citations of a document block"),
            "vllm": ("lost", "citations of a document block"),
            "anthropic": {"citations": {"enabled": True}},
            "gemini": ("lost", "citations of a document block"),
            "bedrock": [("lost", "citations of a document block"), BEFORE],
            "ollama": ("refused", "document"),
        },
    },
    "sound": {
        "said": {
            CHAT: chat({"type": "input_audio", "input_audio": {"data": "V0FW", "format": "wav"}}),
            RESPONSES: None,
            ANTHROPIC: None,
            GEMINI: gemini({"inlineData": {"mimeType": "audio/wav", "data": "V0FW"}}),
            OLLAMA: None,
        },
        "heard": {
            "openai": {"input_audio": {"data": "V0FW", "format": "wav"}},
            "responses": ("refused", "audio"),
            "vllm": {"input_audio": {"data": "V0FW", "format": "wav"}},
            "anthropic": ("refused", "audio"),
            "gemini": {"inlineData": {"mimeType": "audio/wav", "data": "V0FW"}},
            "bedrock": {"audio": {"format": "wav", "source": {"bytes": "V0FW"}}},
            "ollama": ("refused", "audio"),
        },
    },
}


def test_media_arrive_or_are_told_to_be_lost_or_are_refused(crossed, row, source, target):
    assert crossed(row, source, target)


def test_no_cell_is_missing(is_whole):
    assert is_whole(TABLE)
