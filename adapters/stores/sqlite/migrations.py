"""The schema, version by version. A version that was released is never changed: what follows is a new one."""

from __future__ import annotations

from typing import Final

LEDGER: Final = """
CREATE TABLE ledger (
    id TEXT PRIMARY KEY,
    request_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    recorded_at REAL NOT NULL,
    request_type TEXT NOT NULL,
    provider TEXT NOT NULL,
    instance TEXT NOT NULL,
    model TEXT NOT NULL,
    tier TEXT NOT NULL,
    caller TEXT,
    caller_type TEXT NOT NULL,
    conversation_id TEXT,
    rule TEXT,
    outcome TEXT NOT NULL,
    error TEXT,
    streamed INTEGER NOT NULL,
    uncached_input INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    audio_input INTEGER NOT NULL,
    image_input INTEGER NOT NULL,
    visible_output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    audio_output INTEGER NOT NULL,
    image_output INTEGER NOT NULL,
    usage_source TEXT NOT NULL,
    cost_usd REAL,
    cost_source TEXT NOT NULL,
    latency REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX ledger_by_time ON ledger (recorded_at, id);
CREATE INDEX ledger_by_request ON ledger (request_id);
"""

AUDIT: Final = """
CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at REAL NOT NULL,
    request_id TEXT NOT NULL,
    conversation_id TEXT,
    caller TEXT,
    outcome TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX audit_by_time ON audit (at, id);
CREATE INDEX audit_by_request ON audit (request_id);
"""

CONVERSATIONS: Final = """
CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    owner TEXT,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    last_seq INTEGER NOT NULL,
    count INTEGER NOT NULL,
    is_linked INTEGER NOT NULL,
    cancelled_at REAL,
    title TEXT,
    version INTEGER NOT NULL,
    tags TEXT NOT NULL,
    metadata TEXT NOT NULL,
    state TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX conversations_by_time ON conversations (updated_at, id);
CREATE INDEX conversations_by_owner ON conversations (owner, updated_at, id);
CREATE TABLE messages (
    conversation_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    created_at REAL NOT NULL,
    parent_id TEXT,
    sidechain INTEGER NOT NULL,
    group_id TEXT,
    agent_id TEXT,
    provider TEXT,
    model TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    request_id TEXT,
    metadata TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (conversation_id, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX messages_by_id ON messages (conversation_id, id);
CREATE TABLE curations (
    conversation_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    source TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (conversation_id, message_id)
) WITHOUT ROWID;
CREATE TABLE compactions (
    conversation_id TEXT PRIMARY KEY,
    up_to INTEGER NOT NULL,
    up_to_id TEXT NOT NULL,
    count INTEGER NOT NULL,
    summary TEXT NOT NULL,
    method TEXT NOT NULL,
    created_at REAL NOT NULL
) WITHOUT ROWID;
"""

QUEUE: Final = """
CREATE TABLE batches (
    id TEXT PRIMARY KEY,
    created_at REAL NOT NULL,
    urgency INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE batch_items (
    batch_id TEXT NOT NULL,
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    state TEXT NOT NULL,
    urgency INTEGER NOT NULL,
    kind TEXT NOT NULL,
    queued_at REAL NOT NULL,
    not_before REAL NOT NULL,
    gathered_by REAL NOT NULL,
    attempts INTEGER NOT NULL,
    holder TEXT,
    claim TEXT,
    lease_until REAL,
    finished_at REAL,
    request TEXT NOT NULL,
    response TEXT,
    fault TEXT,
    PRIMARY KEY (batch_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX batch_items_by_seq ON batch_items (batch_id, seq);
CREATE INDEX batch_items_to_do ON batch_items (urgency, queued_at, batch_id, seq) WHERE state IN ('waiting', 'running');
CREATE INDEX batch_items_by_claim ON batch_items (claim) WHERE claim IS NOT NULL;
"""

# MIGRATIONS[n] leads from version n to version n + 1.
MIGRATIONS: Final[tuple[str, ...]] = (LEDGER, AUDIT, CONVERSATIONS, QUEUE)

NEWEST: Final = len(MIGRATIONS)
