-- A number belongs to one entry, whichever engine logged it, and those of one transaction follow each other.
-- What several engines had given the same number moves up; without such entries nothing is renumbered.
CREATE TABLE numbered_logs (
    seq INTEGER PRIMARY KEY,
    front TEXT NOT NULL,
    logged_at INTEGER NOT NULL,
    level INTEGER NOT NULL,
    script TEXT NOT NULL,
    request_id TEXT NOT NULL,
    route TEXT NOT NULL,
    kind TEXT NOT NULL,
    line INTEGER,
    message TEXT NOT NULL
) STRICT;

INSERT INTO numbered_logs (seq, front, logged_at, level, script, request_id, route, kind, line, message)
SELECT
    seq + row_number() OVER (ORDER BY seq, front) - dense_rank() OVER (ORDER BY seq),
    front, logged_at, level, script, request_id, route, kind, line, message
FROM logs ORDER BY seq, front;

DROP TABLE logs;
ALTER TABLE numbered_logs RENAME TO logs;

CREATE INDEX logs_script ON logs (script, seq);
CREATE INDEX logs_time ON logs (logged_at, seq);
CREATE INDEX logs_request ON logs (request_id, seq) WHERE request_id <> '';
CREATE INDEX logs_severe ON logs (seq) WHERE level >= 3;
CREATE INDEX logs_script_severe ON logs (script, seq) WHERE level >= 3;

UPDATE revisions SET number = max(number, (SELECT coalesce(max(seq), 0) FROM logs)) WHERE name = 'logs';
