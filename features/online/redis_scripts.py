"""What must happen in Redis at once: small Lua scripts, each a single moment for every reader.

They repeat the rule of ``features.online.conflict_resolution`` where the rows lie. Each takes the text of the layers
as its caller knows it, and does nothing when another writer has changed it since.
"""

from __future__ import annotations

_MANIFEST_CHANGED = """
local function moved()
  return (redis.call('GET', KEYS[1]) or '') ~= ARGV[1]
end
"""

_MERGE_ROWS = """
local function outdates(held, row)
  if not held or held:sub(1, 8) ~= row:sub(1, 8) then return false end
  for at = 9, 17, 8 do
    local low, high = struct.unpack('<I4i4', held, at)
    local row_low, row_high = struct.unpack('<I4i4', row, at)
    if high ~= row_high then return high > row_high end
    if low ~= row_low then return low > row_low end
  end
  return false
end

local function take(hash, ids, rows)
  if #ids == 0 then return end
  local held, newer = redis.call('HMGET', hash, unpack(ids)), {}
  for i, id in ipairs(ids) do
    if not outdates(held[i], rows[i]) then
      newer[#newer + 1] = id
      newer[#newer + 1] = rows[i]
    end
  end
  if #newer > 0 then redis.call('HSET', hash, unpack(newer)) end
end
"""

# Keys: the layers, the drafts, the hashes to remove. Arguments: the layers as they were, as they shall be, drafts.
COMMIT = f"""{_MANIFEST_CHANGED}
if moved() then return 0 end
local drafts = tonumber(ARGV[3])
for i = 2, 1 + drafts do
  if redis.call('EXISTS', KEYS[i]) == 0 then return redis.error_reply('ERR a draft is gone: ' .. KEYS[i]) end
end
for i = 2, 1 + drafts do redis.call('PERSIST', KEYS[i]) end
redis.call('SET', KEYS[1], ARGV[2])
for i = 2 + drafts, #KEYS do redis.call('UNLINK', KEYS[i]) end
return 1
"""

# Keys: the layers, a hash per view. Arguments: the layers, then for each hash how many rows, and their ids and rows.
MERGE = f"""{_MANIFEST_CHANGED}{_MERGE_ROWS}
if moved() then return 0 end
local at = 2
for view = 2, #KEYS do
  local ids, rows, last = {{}}, {{}}, at + 2 * tonumber(ARGV[at])
  for i = at + 1, last, 2 do
    ids[#ids + 1] = ARGV[i]
    rows[#rows + 1] = ARGV[i + 1]
  end
  take(KEYS[view], ids, rows)
  at = last + 1
end
return 1
"""

# Keys: the layers, the upper hash, the lower one. Arguments: the layers, where to go on, about how many rows.
COMPACT = f"""{_MANIFEST_CHANGED}{_MERGE_ROWS}
if moved() then return false end
local page = redis.call('HSCAN', KEYS[2], ARGV[2], 'COUNT', ARGV[3])
local ids, rows = {{}}, {{}}
for i = 1, #page[2], 2 do
  ids[#ids + 1] = page[2][i]
  rows[#rows + 1] = page[2][i + 1]
end
take(KEYS[3], ids, rows)
return page[1]
"""

# Keys: the layers, every hash. Arguments: the layers, a customer.
ERASE = f"""{_MANIFEST_CHANGED}
if moved() then return false end
local rows = 0
for i = 2, #KEYS do rows = rows + redis.call('HDEL', KEYS[i], ARGV[2]) end
return rows
"""
