"""The schema, version by version. A version that was released is never changed: what follows is a new one.

Ids are compared byte by byte (COLLATE "C"), as everywhere else.
"""

from __future__ import annotations

from typing import Final

TABLES: Final = """
CREATE TABLE ledger (
    id TEXT COLLATE "C" PRIMARY KEY,
    request_id TEXT COLLATE "C" NOT NULL,
    attempt BIGINT NOT NULL,
    recorded_at DOUBLE PRECISION NOT NULL,
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
    streamed BOOLEAN NOT NULL,
    uncached_input BIGINT NOT NULL,
    cache_read BIGINT NOT NULL,
    cache_write BIGINT NOT NULL,
    audio_input BIGINT NOT NULL,
    image_input BIGINT NOT NULL,
    visible_output BIGINT NOT NULL,
    reasoning BIGINT NOT NULL,
    audio_output BIGINT NOT NULL,
    image_output BIGINT NOT NULL,
    usage_source TEXT NOT NULL,
    cost_usd DOUBLE PRECISION,
    cost_source TEXT NOT NULL,
    latency DOUBLE PRECISION NOT NULL
);
CREATE INDEX ledger_by_time ON ledger (recorded_at, id);
CREATE INDEX ledger_by_request ON ledger (request_id);
CREATE TABLE audit (
    id TEXT COLLATE "C" PRIMARY KEY,
    at DOUBLE PRECISION NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    conversation_id TEXT,
    caller TEXT,
    outcome TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX audit_by_time ON audit (at, id);
CREATE INDEX audit_by_request ON audit (request_id);
CREATE TABLE conversations (
    id TEXT COLLATE "C" PRIMARY KEY,
    owner TEXT,
    created_at DOUBLE PRECISION NOT NULL,
    updated_at DOUBLE PRECISION NOT NULL,
    last_seq BIGINT NOT NULL,
    count BIGINT NOT NULL,
    is_linked BOOLEAN NOT NULL,
    cancelled_at DOUBLE PRECISION,
    title TEXT,
    version BIGINT NOT NULL,
    tags TEXT NOT NULL,
    metadata TEXT NOT NULL,
    state TEXT NOT NULL
);
CREATE INDEX conversations_by_time ON conversations (updated_at, id);
CREATE INDEX conversations_by_owner ON conversations (owner, updated_at, id);
CREATE TABLE messages (
    conversation_id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    parent_id TEXT,
    sidechain BOOLEAN NOT NULL,
    group_id TEXT,
    agent_id TEXT,
    provider TEXT,
    model TEXT,
    input_tokens BIGINT,
    output_tokens BIGINT,
    request_id TEXT,
    metadata TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (conversation_id, seq)
);
CREATE UNIQUE INDEX messages_by_id ON messages (conversation_id, id);
CREATE TABLE curations (
    conversation_id TEXT COLLATE "C" NOT NULL,
    message_id TEXT COLLATE "C" NOT NULL,
    source TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (conversation_id, message_id)
);
CREATE TABLE compactions (
    conversation_id TEXT COLLATE "C" PRIMARY KEY,
    up_to BIGINT NOT NULL,
    up_to_id TEXT NOT NULL,
    count BIGINT NOT NULL,
    summary TEXT NOT NULL,
    method TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);
"""

# Several hosts change conversations. Who has not seen the last change of one must not undo it: that is a conflict, as is a name that is taken.
STALE: Final = """
CREATE FUNCTION refuse_stale() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'conversation % is of version % already', OLD.id, OLD.version USING ERRCODE = 'unique_violation';
END
$$;
CREATE TRIGGER refuse_stale BEFORE UPDATE ON conversations FOR EACH ROW
    WHEN (NEW.version <= OLD.version AND NEW IS DISTINCT FROM OLD) EXECUTE FUNCTION refuse_stale();
"""

QUEUE: Final = """
CREATE TABLE batches (
    id TEXT COLLATE "C" PRIMARY KEY,
    created_at DOUBLE PRECISION NOT NULL,
    urgency BIGINT NOT NULL
);
CREATE TABLE batch_items (
    batch_id TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    state TEXT NOT NULL,
    urgency BIGINT NOT NULL,
    kind TEXT NOT NULL,
    queued_at DOUBLE PRECISION NOT NULL,
    not_before DOUBLE PRECISION NOT NULL,
    gathered_by DOUBLE PRECISION NOT NULL,
    attempts BIGINT NOT NULL,
    holder TEXT,
    claim TEXT,
    lease_until DOUBLE PRECISION,
    finished_at DOUBLE PRECISION,
    request TEXT NOT NULL,
    response TEXT,
    fault TEXT,
    PRIMARY KEY (batch_id, id)
);
CREATE UNIQUE INDEX batch_items_by_seq ON batch_items (batch_id, seq);
CREATE INDEX batch_items_to_do ON batch_items (urgency, queued_at, batch_id, seq) WHERE state IN ('waiting', 'running');
CREATE INDEX batch_items_by_claim ON batch_items (claim) WHERE claim IS NOT NULL;
"""

# MIGRATIONS[n] leads from version n to version n + 1.
MIGRATIONS: Final[tuple[str, ...]] = (TABLES + STALE, QUEUE)

NEWEST: Final = len(MIGRATIONS)
