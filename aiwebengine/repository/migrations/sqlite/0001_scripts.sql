-- A deleted script keeps its row (version numbers go on) and its versions.
CREATE TABLE scripts (
    uri TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE versions (
    uri TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    author TEXT NOT NULL,
    message TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (uri, version)
) STRICT;
