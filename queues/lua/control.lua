--@use job mail reject
-- ARGV: count. Orders go into mailboxes; bad ones to `rejected`.
local FIELDS = {c = true, ["do"] = true, v = true, by = true, text = true, via = true}
local ACTIONS = {pause = true, resume = true, cancel = true, approve = true, reject = true}
local ENTRY_MAX = 64 * 1024
local MAIL_MAX, ORDERS_MAX = 1000, 1100 -- reviews; pause, resume, cancel find room still
local now = now_ms()

-- Well-formed enough for a JSON reader: no NUL, no stray or cut UTF-8 sequence.
local function is_text(s)
  if string.find(s, "%z") then return false end
  local at = string.find(s, "[\128-\255]")
  while at do
    local lead = string.byte(s, at)
    local more = lead >= 240 and 3 or lead >= 224 and 2 or 1
    if lead < 194 or lead > 244 then return false end
    if not string.find(s, "^" .. string.rep("[\128-\191]", more), at + 1) then
      return false
    end
    local second = string.byte(s, at + 1) -- overlong, surrogate, above U+10FFFF
    if lead == 224 and second < 160 or lead == 237 and second > 159 or
       lead == 240 and second < 144 or lead == 244 and second > 143 then
      return false
    end
    at = string.find(s, "[\128-\255]", at + 1 + more)
  end
  return true
end

local function flaw(code, pointer, message)
  return {code = code, pointer = pointer, message = message}
end

-- Names are the producer's: 64 bytes of them, cut between characters, for a pointer.
local function unknown_field(name)
  if not is_text(name) then
    return flaw("bad_encoding", "", "a field name is not UTF-8 text")
  end
  if #name > 64 then
    name = string.gsub(string.sub(name, 1, 64), "[\192-\255][\128-\191]*$", "")
  end
  name = string.gsub(string.gsub(name, "~", "~0"), "/", "~1")
  return flaw("unknown_field", "/" .. string.gsub(name, "%c", "?"),
              "an order has the fields c do v by text via")
end

local function read(fields)
  local order, size = {}, 0
  for i = 1, #fields, 2 do
    local name, value = fields[i], fields[i + 1]
    size = size + #name + #value
    if not FIELDS[name] then return nil, unknown_field(name) end
    if order[name] then return nil, flaw("duplicate_key", "/" .. name, "given twice") end
    if not is_text(value) then
      return nil, flaw("bad_encoding", "/" .. name, "invalid UTF-8, or a NUL character")
    end
    order[name] = value
  end
  if size > ENTRY_MAX then return nil, flaw("too_large", "", "over 64 KiB") end
  return order
end

local function judge(o)
  if not o.c then return flaw("missing", "/c", "which campaign?") end
  if not o["do"] then return flaw("missing", "/do", "what is to be done?") end
  if not ACTIONS[o["do"]] then
    return flaw("bad_value", "/do", "one of pause resume cancel approve reject")
  end
  local state = redis.call("HGET", job_key(o.c), "state")
  if not state then return flaw("not_found", "/c", "there is no such campaign") end
  if state == "done" or state == "dead" then
    return flaw("wrong_state", "/c", "the campaign has ended")
  end
  local most = ORDERS_MAX
  if o["do"] == "approve" or o["do"] == "reject" then
    most = MAIL_MAX
    if not o.v then return flaw("missing", "/v", "which variant?") end
    if o.v ~= "all" and redis.call("EXISTS", variant_key(o.c, o.v)) == 0 then
      return flaw("not_found", "/v", "there is no such variant")
    end
  end
  if redis.call("LLEN", part_key(o.c, "mail")) >= most then
    return flaw("busy", "/c", "its mailbox is full; try again")
  end
end

local function deliver(o, at)
  local text = {}
  for _, name in ipairs({"do", "v", "by", "text", "via"}) do
    local value = o[name] or (name == "via" and "redis") or ""
    text[#text + 1] = '"' .. name .. '":' .. cjson.encode(value)
  end
  post(o.c, "{" .. table.concat(text, ",") .. ',"t":' .. string.match(at, "^%d+") .. "}",
       o["do"] == "cancel", now)
end

-- What was refused, as people can read it.
local function refuse(fields, what)
  what.raw, what.size, what.sha256 = cjson.encode(fields), 0, ""
  for _, word in ipairs(fields) do what.size = what.size + #word end
  reject("control", what, now)
end

local moved, refused = 0, 0
local count = math.min(tonumber(ARGV[1]) or 0, 64)
for _ = 1, count do
  local entry = redis.call("XRANGE", key("control"), "-", "+", "COUNT", 1)[1]
  if not entry then break end
  redis.call("XDEL", key("control"), entry[1])
  local order, wrong = read(entry[2])
  wrong = wrong or judge(order)
  if wrong then
    refuse(entry[2], wrong)
    refused = refused + 1
  else
    deliver(order, entry[1])
    moved = moved + 1
  end
end
return {moved, refused}
