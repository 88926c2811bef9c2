"""Logins as Codex writes them."""

from __future__ import annotations

import base64
import json

import pytest


@pytest.fixture
def jwt():
    """Return a JSON Web Token with this payload."""

    def build(payload):
        encoded = base64.urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b"=").decode()
        return f"header.{encoded}.signature"

    return build


@pytest.fixture
def login():
    """Return the login of somebody who uses ChatGPT's account."""

    def build(token, **more):
        return {"auth_mode": "chatgpt", "tokens": {"access_token": token}, **more}

    return build
