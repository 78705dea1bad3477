-- lib_money.lua: integers of money as decimal text. Works on text, so that no amount
-- passes through a double: decimal("39950000", 6) is "39.95".
local function decimal(amount, digits)
  local sign, n = string.match(amount or "0", "^(%-?)(%d+)$")
  if not n then return "0" end
  n = string.rep("0", digits + 1 - #n) .. n
  local fraction = string.gsub(string.sub(n, -digits), "0+$", "")
  local whole = string.sub(n, 1, -digits - 1)
  if fraction ~= "" then whole = whole .. "." .. fraction end
  return whole == "0" and "0" or sign .. whole
end
