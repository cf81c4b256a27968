-- Let one more pass, at a steady rate and as many at once as a second has: the generic cell rate algorithm,
-- ITU-T I.371, of which one number is kept: when the next would be due if all came evenly. The clock is the server's:
-- by its own, a process whose clock is behind the others' would be refused for as long as that is so.
--
-- Run twice for one, as after a lost reply, it counts two: one fewer passes in that second, and never one too many.
--
-- KEYS: a gateway's next due time, in ms.
-- ARGV: nonce; ms between two at that rate.
-- Returns: nonce; "1" where it may pass, else "".

local nonce, apart, clock = ARGV[1], tonumber(ARGV[2]), redis.call("TIME")
local now = clock[1] * 1000 + clock[2] / 1000
local due = math.max(tonumber(redis.call("GET", KEYS[1]) or 0), now)
if due - now > 1000 - apart then
  return { nonce, "" }
end
redis.call("SET", KEYS[1], string.format("%.3f", due + apart), "PX", 2000)
return { nonce, "1" }
