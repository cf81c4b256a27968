-- Count a wrong code of a line. With the last that is borne the pause begins, which further ones do not lengthen.
--
-- KEYS: the line's wrong codes, a set of their names.
-- ARGV: nonce; name of this one, which whatever is sent twice has too; how many pause; for how long, in ms, which is
--       also how long they are remembered.
-- Returns: nonce; "" where the line may go on, else how many ms the pause still takes.

local nonce, name, most, pause = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
if redis.call("SCARD", KEYS[1]) < most and redis.call("SADD", KEYS[1], name) == 1 then
  redis.call("PEXPIRE", KEYS[1], pause)
end
return { nonce, redis.call("SCARD", KEYS[1]) >= most and string.format("%d", redis.call("PTTL", KEYS[1])) or "" }
