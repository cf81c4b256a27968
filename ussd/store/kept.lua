-- Read what is kept under a key.
--
-- KEYS: where. ARGV: nonce. Returns: nonce, what is there.

return { ARGV[1], redis.call("GET", KEYS[1]) }
