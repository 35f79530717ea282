"""Redis scripts: Lua for the steps that must be atomic for every reader.

They repeat the rule of ``features.online.conflict_resolution`` inside Redis. Each takes the text of the manifest as its
caller knows it, and does nothing if another writer has changed it since (optimistic concurrency).
"""

from __future__ import annotations

_MANIFEST_CHANGED = """
local function manifest_changed()
  return (redis.call('GET', KEYS[1]) or '') ~= ARGV[1]
end
"""

_MERGE_ROWS = """
local function is_stale(stored, row)
  if not stored or stored:sub(1, 8) ~= row:sub(1, 8) then return false end
  for offset = 9, 17, 8 do
    local low, high = struct.unpack('<I4i4', stored, offset)
    local row_low, row_high = struct.unpack('<I4i4', row, offset)
    if high ~= row_high then return high > row_high end
    if low ~= row_low then return low > row_low end
  end
  return false
end

local function merge_rows(hash, ids, rows)
  if #ids == 0 then return end
  local stored, later = redis.call('HMGET', hash, unpack(ids)), {}
  for i, id in ipairs(ids) do
    if not is_stale(stored[i], rows[i]) then
      later[#later + 1] = id
      later[#later + 1] = rows[i]
    end
  end
  if #later > 0 then redis.call('HSET', hash, unpack(later)) end
end
"""

# Keys: the manifest, the staged hashes, the hashes to remove. Arguments: the old manifest, the new one, staged hashes.
COMMIT = f"""{_MANIFEST_CHANGED}
if manifest_changed() then return 0 end
local staged = tonumber(ARGV[3])
for i = 2, 1 + staged do
  if redis.call('EXISTS', KEYS[i]) == 0 then return redis.error_reply('ERR a staged hash expired: ' .. KEYS[i]) end
end
for i = 2, 1 + staged do redis.call('PERSIST', KEYS[i]) end
redis.call('SET', KEYS[1], ARGV[2])
for i = 2 + staged, #KEYS do redis.call('UNLINK', KEYS[i]) end
return 1
"""

# Keys: the manifest, a hash per view. Arguments: the manifest, then for each hash the number of rows, ids and rows.
MERGE = f"""{_MANIFEST_CHANGED}{_MERGE_ROWS}
if manifest_changed() then return 0 end
local index = 2
for view = 2, #KEYS do
  local ids, rows, last = {{}}, {{}}, index + 2 * tonumber(ARGV[index])
  for i = index + 1, last, 2 do
    ids[#ids + 1] = ARGV[i]
    rows[#rows + 1] = ARGV[i + 1]
  end
  merge_rows(KEYS[view], ids, rows)
  index = last + 1
end
return 1
"""

# Keys: the manifest, the upper hash, the lower one. Arguments: the manifest, the scan cursor, about how many rows.
COMPACT = f"""{_MANIFEST_CHANGED}{_MERGE_ROWS}
if manifest_changed() then return false end
local page = redis.call('HSCAN', KEYS[2], ARGV[2], 'COUNT', ARGV[3])
local ids, rows = {{}}, {{}}
for i = 1, #page[2], 2 do
  ids[#ids + 1] = page[2][i]
  rows[#rows + 1] = page[2][i + 1]
end
merge_rows(KEYS[3], ids, rows)
return page[1]
"""

# Keys: the manifest, every hash. Arguments: the manifest, a customer.
ERASE = f"""{_MANIFEST_CHANGED}
if manifest_changed() then return false end
local rows = 0
for i = 2, #KEYS do rows = rows + redis.call('HDEL', KEYS[i], ARGV[2]) end
return rows
"""
