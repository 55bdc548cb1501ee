-- A number belongs to one entry, whichever engine logged it, and those of one transaction follow each other.
-- What several engines had given the same number moves up; without such entries nothing is renumbered.
ALTER TABLE logs DROP CONSTRAINT logs_pkey;

UPDATE logs SET seq = numbered.new
FROM (
    SELECT
        seq, front, seq + row_number() OVER (ORDER BY seq, front) - dense_rank() OVER (ORDER BY seq) AS new
    FROM logs
) AS numbered
WHERE logs.seq = numbered.seq AND logs.front = numbered.front AND numbered.new <> numbered.seq;

ALTER TABLE logs ADD PRIMARY KEY (seq);

UPDATE revisions SET number = greatest(number, (SELECT coalesce(max(seq), 0) FROM logs)) WHERE name = 'logs';
