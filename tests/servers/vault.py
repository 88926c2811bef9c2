"""A Vault on loopback: tokens and AppRoles, key-value engines of both versions, and an engine that makes credentials under leases.

Its answers and refusals are those of the documented HTTP API. Nothing expires by itself: a test says when.
"""

from __future__ import annotations

import json
from typing import Any

from canned import answer
from scripted import Action, Hang, ReceivedRequest, ScriptedServer, Send

_MOUNTS = {
    "secret/": {"type": "kv", "options": {"version": "2"}},
    "old/": {"type": "kv", "options": {"version": "1"}},
    "team/deep/": {"type": "kv", "options": {"version": "2"}},
    "database/": {"type": "database", "options": None},
}


class FakeVault:
    """What the server knows, for a test to change while it runs.

    Attributes:
        tokens: Tokens that are let in, with the seconds they last and whether they can be renewed.
        roles: Secrets of AppRoles by their role ids.
        values: Fields by the path that a user writes ("secret/llm").
        lease_seconds: How long made credentials last, and what a renewal gives.
        tells_mounts: Whether the policy lets us ask what is mounted.
        tells_tokens: Whether it lets a token look itself up.
        fault: None; "hang", "sealed" or "nonsense" for every request.
        asked: Method and path of each request.
    """

    def __init__(self) -> None:
        self.tokens: dict[str, tuple[int, bool]] = {"root": (0, False)}
        self.roles: dict[str, str | None] = {}
        self.values: dict[str, dict[str, Any]] = {}
        self.lease_seconds = 300
        self.renewed_seconds = 300
        self.role_token_seconds = 600
        self.tells_mounts = True
        self.tells_tokens = True
        self.namespace: str | None = None
        self.fault: str | None = None
        self.asked: list[str] = []
        self.leases: set[str] = set()
        self.made = 0
        self.logins = 0

    def server(self) -> ScriptedServer:
        return ScriptedServer(self)

    def count(self, asked: str) -> int:
        return self.asked.count(asked)

    def __call__(self, request: ReceivedRequest) -> list[Action]:
        path = request.path.removeprefix("/v1/")
        self.asked.append(f"{request.method} {path}")
        match self.fault:
            case "hang":
                return [Hang()]
            case "sealed":
                return [_errors(503, "Vault is sealed")]
            case "nonsense":
                return [Send(answer(b"<html>hello</html>"))]
        if self.namespace is not None and request.headers.get("x-vault-namespace") != self.namespace:
            return [_errors(404)]
        if path.endswith("/login"):
            return [self._login(path, request.json())]
        token = request.headers.get("x-vault-token", "")
        if token not in self.tokens:
            return [_errors(403, "permission denied")]
        return [self._served(request, path, token)]

    def _login(self, path: str, body: dict[str, Any]) -> Action:
        role = body.get("role_id")
        if path != "auth/approle/login" or role not in self.roles:
            return _errors(400, "invalid role or secret ID")
        if self.roles[role] is not None and body.get("secret_id") != self.roles[role]:
            return _errors(400, "invalid role or secret ID")
        self.logins += 1
        token = f"hvs.{role}.{self.logins}"
        self.tokens[token] = (self.role_token_seconds, True)
        return _ok({"auth": {"client_token": token, "lease_duration": self.role_token_seconds, "renewable": True}})

    def _served(self, request: ReceivedRequest, path: str, token: str) -> Action:
        seconds, renewable = self.tokens[token]
        match request.method, path:
            case "GET", "auth/token/lookup-self":
                if not self.tells_tokens:
                    return _errors(403, "permission denied")
                return _ok({"data": {"ttl": seconds, "renewable": renewable}})
            case "POST", "auth/token/renew-self":
                if not renewable:
                    return _errors(400, "lease is not renewable")
                return _ok({"auth": {"client_token": token, "lease_duration": seconds, "renewable": True}})
            case "PUT", "sys/leases/renew":
                lease = request.json()["lease_id"]
                if lease not in self.leases:
                    return _errors(400, "lease not found")
                return _ok({"lease_id": lease, "lease_duration": self.renewed_seconds, "renewable": True})
        if path.startswith("sys/internal/ui/mounts/"):
            return self._mounted(path.removeprefix("sys/internal/ui/mounts/"))
        return self._read(path)

    def _mounted(self, path: str) -> Action:
        found = next((each for each in _MOUNTS if path.startswith(each)), None)
        if not self.tells_mounts or found is None:
            return _errors(403, "preflight capability check returned 403, please ensure client's policies grant access")
        return _ok({"data": {"path": found, **_MOUNTS[found]}})

    def _read(self, path: str) -> Action:
        if path.startswith("database/creds/"):
            return self._make(path)
        mount = next((each for each in _MOUNTS if path.startswith(each)), "")
        rest = path.removeprefix(mount)
        if _MOUNTS.get(mount, {}).get("options") == {"version": "2"}:
            if not rest.startswith("data/"):
                return _errors(404)
            rest = rest.removeprefix("data/")
            fields = self.values.get(mount + rest)
            return _errors(404) if fields is None else _ok({"data": {"data": fields, "metadata": {"version": 1}}})
        fields = self.values.get(path)
        # Of the first version the lease is a hint without a name.
        return _errors(404) if fields is None else _ok({"lease_id": "", "lease_duration": 2764800, "data": fields})

    def _make(self, path: str) -> Action:
        self.made += 1
        lease = f"{path}/{self.made}"
        self.leases.add(lease)
        fields = {"username": f"u{self.made}", "password": f"p{self.made}"}
        return _ok({"lease_id": lease, "lease_duration": self.lease_seconds, "renewable": True, "data": fields})


def _ok(body: dict[str, Any]) -> Action:
    whole = {"request_id": "r", "lease_id": "", "renewable": False, "lease_duration": 0, "data": None, **body}
    return Send(answer(json.dumps(whole).encode()))


def _errors(status: int, *errors: str) -> Action:
    return Send(answer(json.dumps({"errors": errors}).encode(), status=f"{status} X"))
