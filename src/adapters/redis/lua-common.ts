/**
 * What all scripts begin with: names of keys, the time of the server, and how streams are bounded.
 *
 * `ARGV`: 1 the prefix of all keys, 2 the longest a stream may be, 3 for how many ms what every group has
 * dealt with is kept, 4 how many dead letters a group may have of a topic. The script's own begin at 5.
 *
 * A stream is that of one topic or of one pattern. One that no durable group reads is a passing one: it has
 * an end, which is put off, and loses its oldest entries when it is full. One with durable groups takes no
 * more then.
 */
export const commonLua = `
local P = ARGV[1]
local MOST, RETAIN, MOST_DEAD = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local IDLE_MS = 86400000
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- Times from now on count from here, so that nothing is due early.
local from = time[1] * 1000 + math.ceil(time[2] / 1000)

local function streamKey(name) return P .. ':stream:' .. name end
local function groupKey(name, group, part) return P .. ':group:' .. name .. ':' .. group .. ':' .. part end

local function before(a, b)
  local am, an = string.match(a, '(%d+)-(%d+)')
  local bm, bn = string.match(b, '(%d+)-(%d+)')
  if am ~= bm then return tonumber(am) < tonumber(bm) end
  return tonumber(an) < tonumber(bn)
end

local function groupsOf(name)
  local groups = {}
  local reply = redis.pcall('XINFO', 'GROUPS', streamKey(name))
  if reply.err then return groups end
  for i, flat in ipairs(reply) do
    local group = {}
    for j = 1, #flat, 2 do group[flat[j]] = flat[j + 1] end
    groups[i] = group
  end
  return groups
end

local function hasGroup(name, wanted)
  for _, group in ipairs(groupsOf(name)) do
    if group.name == wanted then return true end
  end
  return false
end

local function dropGroup(name, group)
  redis.pcall('XGROUP', 'DESTROY', streamKey(name), group)
  redis.call('DEL', groupKey(name, group, 'due'), groupKey(name, group, 'lanes'),
    groupKey(name, group, 'parked'), groupKey(name, group, 'wake'))
  redis.call('HDEL', P .. ':rules:' .. name, group)
  redis.call('ZREM', P .. ':guests:' .. name, group)
end

-- Groups of one member that has not been heard of for too long.
local function reapGuests(name)
  local gone = redis.call('ZRANGEBYSCORE', P .. ':guests:' .. name, '-inf', now, 'LIMIT', 0, 100)
  for _, group in ipairs(gone) do dropGroup(name, group) end
end

-- Takes away what all groups have dealt with, and answers whether there are any.
local function trim(name, retain)
  local key, low = streamKey(name), nil
  for _, group in ipairs(groupsOf(name)) do
    local at = group['last-delivered-id']
    if group.pending > 0 then at = redis.call('XPENDING', key, group.name)[2] end
    if low == nil or before(at, low) then low = at end
  end
  if low == nil then return false end
  if retain > 0 then
    local kept = string.format('%.0f-0', math.max(0, now - retain))
    if before(kept, low) then low = kept end
  end
  redis.call('XTRIM', key, 'MINID', low)
  return true
end
`;
