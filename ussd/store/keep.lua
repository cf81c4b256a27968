-- Keep a value for a while.
--
-- KEYS: where.
-- ARGV: nonce, the value, how long to keep it in ms.
-- Returns: nonce.

redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3])
return { ARGV[1] }
