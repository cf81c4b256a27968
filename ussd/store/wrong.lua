-- Count a wrong code of a line. With the last that is borne the pause begins, which further ones do not lengthen.
--
-- KEYS: the line's wrong codes.
-- ARGV: nonce; how many pause; for how long, in ms, which is also how long they are remembered.
-- Returns: nonce; "" where the line may go on, else how many ms the pause still takes.

local nonce, most, pause = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local count = tonumber(redis.call("GET", KEYS[1]) or 0)
if count < most then
  count = redis.call("INCR", KEYS[1])
  redis.call("PEXPIRE", KEYS[1], pause)
end
return { nonce, count >= most and string.format("%d", redis.call("PTTL", KEYS[1])) or "" }
