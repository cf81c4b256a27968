-- Let a line ask about somebody, unless it is paused, or has asked about too many people today.
--
-- KEYS: the line's wrong codes, the people of its day.
-- ARGV: nonce; name of the person; the most people in a day; wrong codes that pause; how long to keep the day in ms;
--       0 for no limit.
-- Returns: nonce; "" where the line may ask, "paused" or "people"; where paused, for how many ms.

local nonce, person, most, wrong, keep = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
if wrong > 0 and redis.call("SCARD", KEYS[1]) >= wrong then
  return { nonce, "paused", string.format("%d", redis.call("PTTL", KEYS[1])) }
end
if most > 0 and redis.call("SISMEMBER", KEYS[2], person) == 0 then
  if redis.call("SCARD", KEYS[2]) >= most then
    return { nonce, "people" }
  end
  redis.call("SADD", KEYS[2], person)
  redis.call("PEXPIRE", KEYS[2], keep)
end
return { nonce, "" }
