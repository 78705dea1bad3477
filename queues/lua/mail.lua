#!lua flags=allow-oom
--@use job letters
-- ARGV: id, fence, from. Reply: the letters, and 1 if there are more behind them.
local id, from = ARGV[1], tonumber(ARGV[3])
if not holds(id, ARGV[2]) then return {"fenced"} end
local ok, letters, more = pcall(read_letters, id, from)
return ok and {letters, more} or {{}, 0} -- no list any more: for the next load to find
