-- How many keys and bytes (of keys and values) a namespace has; a namespace "a#b" is counted to "a" as well.
CREATE TABLE key_value_usage (
    namespace TEXT PRIMARY KEY,
    key_count INTEGER NOT NULL,
    byte_count INTEGER NOT NULL
) STRICT;

INSERT INTO key_value_usage (namespace, key_count, byte_count)
SELECT namespace, count(*), sum(length(CAST(name AS BLOB)) + length(value))
FROM key_values WHERE instr(namespace, '#') > 0 GROUP BY namespace;

INSERT INTO key_value_usage (namespace, key_count, byte_count)
SELECT substr(namespace, 1, instr(namespace || '#', '#') - 1), count(*),
    sum(length(CAST(name AS BLOB)) + length(value))
FROM key_values GROUP BY 1;
