-- lib_letters.lua: a mailbox is read in pages.
local LETTERS_PAGE, LETTERS_BYTES = 256, 1024 * 1024

-- Letters from number `from` on, and 1 if there are more behind them. One has 64 KiB at most,
-- and the first one always comes.
local function read_letters(id, from)
  local name = part_key(id, "mail")
  local letters = redis.call("LRANGE", name, from, from + LETTERS_PAGE - 1)
  local bytes, fit = 0, 0
  for i, letter in ipairs(letters) do
    bytes = bytes + #letter
    if bytes > LETTERS_BYTES and i > 1 then break end
    fit = i
  end
  for i = #letters, fit + 1, -1 do letters[i] = nil end
  return letters, redis.call("LLEN", name) > from + fit and 1 or 0
end
