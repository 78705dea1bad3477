--@use job reject
-- ARGV: stream, entry, code, pointer, message, raw, size, sha256
-- Only whoever removes the entry records it; without entry it is always recorded.
-- XDEL comes first: it works when memory is full, and then so does the rest.
local stream, entry = ARGV[1], ARGV[2]
if entry ~= "" and redis.call("XDEL", key(stream), entry) == 0 then return {"gone"} end
reject(stream, {code = ARGV[3], pointer = ARGV[4], message = ARGV[5], raw = ARGV[6],
                size = ARGV[7], sha256 = ARGV[8]}, now_ms())
if stream == "events" then redis.call("HINCRBY", key("ev"), "refused", 1) end
return {"refused"}
