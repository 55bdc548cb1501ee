-- How many keys and bytes (of keys and values) a namespace has; a namespace "a#b" is counted to "a" as well.
CREATE TABLE key_value_usage (
    namespace TEXT COLLATE "C" PRIMARY KEY,
    key_count BIGINT NOT NULL,
    byte_count BIGINT NOT NULL
);

INSERT INTO key_value_usage (namespace, key_count, byte_count)
SELECT namespace, count(*), sum(octet_length(name) + length(value))
FROM key_values WHERE strpos(namespace, '#') > 0 GROUP BY namespace;

INSERT INTO key_value_usage (namespace, key_count, byte_count)
SELECT split_part(namespace, '#', 1), count(*), sum(octet_length(name) + length(value))
FROM key_values GROUP BY 1;
