-- Keep whose a session is, or say it and keep it for longer.
--
-- KEYS: the session's line.
-- ARGV: nonce, the line or "", how long to keep it in ms.
-- Returns: nonce, the line.

if ARGV[2] ~= "" then
  redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3])
else
  redis.call("PEXPIRE", KEYS[1], ARGV[3])
end
return { ARGV[1], redis.call("GET", KEYS[1]) }
