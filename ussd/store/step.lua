-- One step of a session, all of it or nothing. A function of its arguments and of what is held: no clock, no chance.
--
-- KEYS: the session, its replies, the line's dropped session and its late answer at this shortcode, its language.
-- ARGV: nonce; name of the request or ""; version that the step came from; own name of the session; fingerprint of
--       the request (8 octets); body; reply; "ends", "offer" or "stay"; time in ms;
--       then, in ms, how long to keep: session, replies, ended, dropped;
--       "read" where the late answer is read by this step; the language that is chosen by it or ""; how long to keep that.
-- Returns: nonce, and the reply that stands already where this step is not taken.

local nonce, request, version, name, fingerprint, body, reply, way, at = unpack(ARGV, 1, 9)
local keep_session, keep_replies, keep_ended, keep_dropped, late_is, chosen, keep_chosen = unpack(ARGV, 10, 16)
local session, replies, dropped, late, language = unpack(KEYS)

-- A retry that overtook us.
local answered = request ~= "" and redis.call("HGET", replies, request)
if answered then
  return { nonce, answered }
end

-- Another step won. Its reply becomes this request's too, so that a retry of this request gets the same.
local held, last = unpack(redis.call("HMGET", session, "v", "l"))
if held and held ~= version then
  local won = last and redis.call("HGET", replies, last)
  if won and request ~= "" then
    redis.call("HSET", replies, request, fingerprint .. string.sub(won, 9))
  end
  return { nonce, won }
end

local next_version = string.format("%d", version + 1)
if request == "" then
  request = "@" .. next_version
end
redis.call("HSET", session, "v", next_version, "l", request, "a", at)
redis.call("HSET", replies, request, fingerprint .. reply)
redis.call("PEXPIRE", replies, keep_replies)
if way == "ends" then
  redis.call("HSET", session, "e", "1")
  redis.call("HDEL", session, "b")
  redis.call("PEXPIRE", session, keep_ended)
else
  redis.call("HSET", session, "b", body)
  redis.call("HDEL", session, "e")
  redis.call("PEXPIRE", session, keep_session)
end

if way == "offer" then
  redis.call("SET", dropped, name, "PX", keep_dropped)
elseif redis.call("GET", dropped) == name then
  redis.call("DEL", dropped)
end
if late_is == "read" then
  redis.call("DEL", late)
end
if chosen ~= "" then
  redis.call("SET", language, chosen, "PX", keep_chosen)
end
return { nonce, false }
