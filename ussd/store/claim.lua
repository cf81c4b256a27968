-- Let a nonce be used once. Whoever asked may ask again with its own token, where it did not hear the answer.
--
-- KEYS: the nonce.
-- ARGV: nonce, the token of who asks, how long to keep it in ms.
-- Returns: nonce; the token of who asked first.

redis.call("SET", KEYS[1], ARGV[2], "NX", "PX", ARGV[3])
return { ARGV[1], redis.call("GET", KEYS[1]) }
