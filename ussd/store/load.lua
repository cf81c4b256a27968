-- What is held for one request. Reads only.
--
-- KEYS: the session, its replies, and, where a shortcode is known, the line's dropped session and late answer there, and
--       its language.
-- ARGV: nonce, name of the request or "".
-- Returns: nonce, version, body, ended, time of the last step, last reply where it counts, this request's reply,
--          name of the dropped session, late answer, language.

local nonce, request = unpack(ARGV)
local version, body, ended, at, last = unpack(redis.call("HMGET", KEYS[1], "v", "b", "e", "a", "l"))

-- The last reply counts where it ended the session, and where a retry can only be told by its content.
if not ended and request ~= "" then
  last = false
end

local function reply(name)
  return name and name ~= "" and redis.call("HGET", KEYS[2], name)
end

-- A nil would end the list: false is Lua's word for Redis' nil.
local function of_line(key)
  return key and redis.call("GET", key) or false
end

return { nonce, version, body, ended, at, reply(last), reply(request), of_line(KEYS[3]), of_line(KEYS[4]), of_line(KEYS[5]) }
