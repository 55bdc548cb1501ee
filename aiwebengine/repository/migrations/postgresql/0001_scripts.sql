-- A deleted script keeps its row (version numbers go on) and its versions.
-- Sources are bytes, as text must not hold NUL here.
CREATE TABLE scripts (
    uri TEXT COLLATE "C" PRIMARY KEY,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE versions (
    uri TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    author TEXT NOT NULL,
    message TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size BIGINT NOT NULL,
    source BYTEA NOT NULL,
    PRIMARY KEY (uri, version)
);
