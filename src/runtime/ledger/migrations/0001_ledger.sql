-- The ledger's tables. One text for SQLite and PostgreSQL: TEXT and BIGINT only, moments as UTC text of fixed width
-- (`2026-11-26T03:31:51.000000000Z`) so that they sort as they pass, values as JSON text.

-- One row: whose ledger this is. `sequence` gives out every number in this file, so that none is ever reused.
CREATE TABLE ledger (
    single   BIGINT NOT NULL PRIMARY KEY CHECK (single = 1),
    id       TEXT   NOT NULL,
    platform TEXT   NOT NULL,
    hmac_key TEXT   NOT NULL,
    born     TEXT   NOT NULL,
    sequence BIGINT NOT NULL
);

-- Objects that we made or adopted.
CREATE TABLE objects (
    address      TEXT NOT NULL PRIMARY KEY,
    external_id  TEXT,
    owner        TEXT NOT NULL,
    file         TEXT NOT NULL,
    last_applied TEXT NOT NULL,
    digests      TEXT NOT NULL,
    outputs      TEXT NOT NULL,
    origin       TEXT NOT NULL,
    state        TEXT NOT NULL,
    since        TEXT,
    updated      TEXT NOT NULL
);

-- The journal: written before a call, completed after it. Without `ended` the outcome is not known;
-- with a `handle` the work goes on at the service.
CREATE TABLE intents (
    id       BIGINT NOT NULL PRIMARY KEY,
    run      BIGINT NOT NULL,
    step     TEXT   NOT NULL,
    address  TEXT   NOT NULL,
    verb     TEXT   NOT NULL,
    payload  TEXT   NOT NULL,
    approval BIGINT,
    handle   TEXT,
    began    TEXT   NOT NULL,
    ended    TEXT,
    result   TEXT,
    failure  TEXT
);
CREATE INDEX intents_open ON intents (id) WHERE ended IS NULL;
CREATE INDEX intents_by_address ON intents (address, id);
CREATE INDEX intents_by_time ON intents (began);

-- One-time actions that were begun; a key that stands here is never performed again.
CREATE TABLE run_once (
    key     TEXT   NOT NULL PRIMARY KEY,
    intent  BIGINT NOT NULL,
    claimed TEXT   NOT NULL
);

-- What was removed or disabled, for the rolling budgets.
CREATE TABLE destructive_events (
    id       BIGINT NOT NULL PRIMARY KEY,
    instance TEXT   NOT NULL,
    class    TEXT   NOT NULL,
    address  TEXT   NOT NULL,
    number   BIGINT NOT NULL,
    at       TEXT   NOT NULL
);
CREATE INDEX destructive_events_by_class ON destructive_events (instance, class, at);

-- Numbers given out once. Rows are never removed: that is what keeps a number from being given again.
CREATE TABLE allotments (
    pool    TEXT   NOT NULL,
    subject TEXT   NOT NULL,
    number  BIGINT NOT NULL,
    at      TEXT   NOT NULL,
    PRIMARY KEY (pool, subject),
    UNIQUE (pool, number)
);

-- The last reading of each scope.
CREATE TABLE observations (
    instance     TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    parent       TEXT   NOT NULL,
    at           TEXT   NOT NULL,
    complete     BIGINT NOT NULL,
    completeness TEXT   NOT NULL,
    objects      TEXT   NOT NULL,
    PRIMARY KEY (instance, kind, parent)
);

-- What probing found.
CREATE TABLE capabilities (
    instance TEXT NOT NULL PRIMARY KEY,
    at       TEXT NOT NULL,
    found    TEXT NOT NULL
);

-- Approvals of sets of waiting steps; each step is spent once.
CREATE TABLE approvals (
    id          BIGINT NOT NULL PRIMARY KEY,
    digest      TEXT   NOT NULL,
    approved_by TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    at          TEXT   NOT NULL,
    expires     TEXT   NOT NULL
);
CREATE TABLE approved_steps (
    approval BIGINT NOT NULL,
    step     TEXT   NOT NULL,
    spent    TEXT,
    intent   BIGINT,
    PRIMARY KEY (approval, step)
);

-- Who leads. `fence` only ever rises; every write names the one it was given.
CREATE TABLE leases (
    name   TEXT   NOT NULL PRIMARY KEY,
    holder TEXT   NOT NULL,
    fence  BIGINT NOT NULL,
    until  TEXT   NOT NULL
);

-- Cycles that applied something, or tried to.
CREATE TABLE runs (
    id       BIGINT NOT NULL PRIMARY KEY,
    began    TEXT   NOT NULL,
    ended    TEXT,
    revision TEXT   NOT NULL,
    plan     TEXT   NOT NULL,
    exit     BIGINT,
    summary  TEXT
);
