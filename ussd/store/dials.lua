-- Let a line dial, unless it has dialled too often: at most so many times in any minute, and in any hour.
--
-- KEYS: the line's dials, a sorted set by their time.
-- ARGV: nonce; name of this dial, which its retry has too; now in ms; the most in a minute; in an hour; 0 for no limit.
-- Returns: nonce; "" where the line may dial, else how many ms it is to wait.
-- A dial that is refused does not count: who waits as long as was said gets through.

local nonce, dial, now, a_minute, an_hour = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local MINUTE, HOUR = 60000, 3600000
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now - HOUR)
if redis.call("ZSCORE", KEYS[1], dial) then
  return { nonce, "" }
end

local function wait_for(most, span)
  if most == 0 then
    return 0
  end
  -- The place is free once the oldest of the last `most` is older than the span.
  local oldest = redis.call("ZRANGE", KEYS[1], -most, -most, "WITHSCORES")[2]
  return oldest and tonumber(oldest) + span - now or 0
end

local wait = math.max(wait_for(a_minute, MINUTE), wait_for(an_hour, HOUR))
if wait > 0 then
  return { nonce, string.format("%d", wait) }
end
redis.call("ZADD", KEYS[1], now, dial)
redis.call("PEXPIRE", KEYS[1], HOUR)
return { nonce, "" }
