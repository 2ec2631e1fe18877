-- What files are in a state folder, documents are here: the same texts, by their paths in the folder.
CREATE TABLE clawgrpc.document (
    name     text COLLATE "C" PRIMARY KEY,
    body     bytea NOT NULL,
    -- Microseconds since 1970 by this database's clock, or one more than before: grows with every change, for every replica.
    revision bigint NOT NULL,
    changed  timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 70);

-- Exclusive rights for a while. Logged: fences must not begin again after a crash.
CREATE TABLE clawgrpc.lease (
    name   text COLLATE "C" PRIMARY KEY,
    holder uuid NOT NULL,
    fence  bigint NOT NULL,
    until  timestamptz NOT NULL
);

CREATE TABLE clawgrpc.usage (
    day         date NOT NULL,
    client      text COLLATE "C" NOT NULL,
    agent       text COLLATE "C" NOT NULL,
    profile     text COLLATE "C" NOT NULL,
    model       text COLLATE "C" NOT NULL,
    completions bigint NOT NULL,
    unpriced    bigint NOT NULL,
    input       bigint NOT NULL,
    output      bigint NOT NULL,
    cache_write bigint NOT NULL,
    cache_read  bigint NOT NULL,
    nano_usd    bigint NOT NULL,
    PRIMARY KEY (day, client, agent, profile, model)
);

-- The last batch of usage that each replica has added: one that is sent again counts once.
CREATE TABLE clawgrpc.usage_batch (
    replica uuid PRIMARY KEY,
    number  bigint NOT NULL,
    added   timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Which profile last served a session, by a hash of the agent and the session.
CREATE TABLE clawgrpc.session_pin (
    session bytea PRIMARY KEY,
    profile text NOT NULL,
    used    timestamptz NOT NULL
);
CREATE INDEX session_pin_used ON clawgrpc.session_pin (used);

CREATE TABLE clawgrpc.replica (
    id        uuid PRIMARY KEY,
    name      text NOT NULL,
    version   text NOT NULL,
    started   timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen      timestamptz NOT NULL DEFAULT clock_timestamp(),
    seal_keys text[] NOT NULL DEFAULT '{}'
);

-- For those who watch: which documents there are, and not what they say.
CREATE VIEW clawgrpc.document_index AS SELECT name, revision, changed, octet_length(body) AS bytes FROM clawgrpc.document;
