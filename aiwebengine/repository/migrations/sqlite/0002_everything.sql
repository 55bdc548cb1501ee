CREATE TABLE revisions (
    name TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT;

INSERT INTO revisions (name, number) VALUES ('scripts', 0), ('logs', 0);

CREATE TABLE assets (
    name TEXT PRIMARY KEY,
    content_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    content BLOB NOT NULL
) STRICT;

CREATE TABLE users (
    ident TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    name TEXT NOT NULL,
    roles TEXT NOT NULL,
    identities TEXT NOT NULL,
    data TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX users_email ON users (email_key) WHERE email_key <> '';

CREATE TABLE identities (
    provider TEXT NOT NULL,
    subject TEXT NOT NULL,
    ident TEXT NOT NULL,
    PRIMARY KEY (provider, subject)
) STRICT;

CREATE INDEX identities_ident ON identities (ident);

CREATE TABLE key_values (
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    expires_at INTEGER,
    value TEXT NOT NULL,
    PRIMARY KEY (namespace, name)
) STRICT;

CREATE INDEX key_values_expiry ON key_values (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    author TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- Several engines may give the same number; level is 0 (trace) to 4 (error).
CREATE TABLE logs (
    seq INTEGER NOT NULL,
    front TEXT NOT NULL,
    logged_at INTEGER NOT NULL,
    level INTEGER NOT NULL,
    script TEXT NOT NULL,
    request_id TEXT NOT NULL,
    route TEXT NOT NULL,
    kind TEXT NOT NULL,
    line INTEGER,
    message TEXT NOT NULL,
    PRIMARY KEY (seq, front)
) STRICT, WITHOUT ROWID;

CREATE INDEX logs_script ON logs (script, seq);
CREATE INDEX logs_time ON logs (logged_at, seq);
CREATE INDEX logs_request ON logs (request_id, seq) WHERE request_id <> '';
CREATE INDEX logs_severe ON logs (seq) WHERE level >= 3;
CREATE INDEX logs_script_severe ON logs (script, seq) WHERE level >= 3;
