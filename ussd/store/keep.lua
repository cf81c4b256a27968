-- Keep a late answer for the line that asked.
--
-- KEYS: the line's late answer at this shortcode.
-- ARGV: nonce, the answer, how long to keep it in ms.
-- Returns: nonce.

redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3])
return { ARGV[1] }
