CREATE TABLE revisions (
    name TEXT COLLATE "C" PRIMARY KEY,
    number BIGINT NOT NULL
);

INSERT INTO revisions (name, number) VALUES ('scripts', 0), ('logs', 0);

CREATE TABLE assets (
    name TEXT COLLATE "C" PRIMARY KEY,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    metadata TEXT NOT NULL,
    content BYTEA NOT NULL
);

CREATE TABLE users (
    ident TEXT COLLATE "C" PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    name TEXT NOT NULL,
    roles TEXT NOT NULL,
    identities TEXT NOT NULL,
    data TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX users_email ON users (email_key) WHERE email_key <> '';

CREATE TABLE identities (
    provider TEXT NOT NULL,
    subject TEXT NOT NULL,
    ident TEXT NOT NULL,
    PRIMARY KEY (provider, subject)
);

CREATE INDEX identities_ident ON identities (ident);

CREATE TABLE key_values (
    namespace TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT,
    value TEXT NOT NULL,
    PRIMARY KEY (namespace, name)
);

CREATE INDEX key_values_expiry ON key_values (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE settings (
    name TEXT COLLATE "C" PRIMARY KEY,
    value TEXT NOT NULL,
    author TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Several engines may give the same number; level is 0 (trace) to 4 (error).
CREATE TABLE logs (
    seq BIGINT NOT NULL,
    front TEXT COLLATE "C" NOT NULL,
    logged_at BIGINT NOT NULL,
    level SMALLINT NOT NULL,
    script TEXT COLLATE "C" NOT NULL,
    request_id TEXT NOT NULL,
    route TEXT NOT NULL,
    kind TEXT NOT NULL,
    line INTEGER,
    message TEXT NOT NULL,
    PRIMARY KEY (seq, front)
);

CREATE INDEX logs_script ON logs (script, seq);
CREATE INDEX logs_time ON logs (logged_at, seq);
CREATE INDEX logs_request ON logs (request_id, seq) WHERE request_id <> '';
CREATE INDEX logs_severe ON logs (seq) WHERE level >= 3;
CREATE INDEX logs_script_severe ON logs (script, seq) WHERE level >= 3;
