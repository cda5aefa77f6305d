/**
 * One group of one stream. `ARGV`: 5 the stream, 6 the group, 7 the order that it keeps, 8 the consumer.
 *
 * Whatever was handed out and not settled is in the list of pending entries of Redis, which knows who has it
 * and how often it was delivered. `due` holds when its lease, or its wait, is over. A consumer called
 * `waiting` has what nobody has: what was given back, and what stands behind another one of its lane.
 *
 * `lanes` says who holds a lane, and the lane of each holder; `parked` what stands behind, by lane and place.
 */
export const groupLua = `
local name, group, order, me = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local stream = streamKey(name)
local DUE, WAKE = groupKey(name, group, 'due'), groupKey(name, group, 'wake')
local LANES, PARKED = groupKey(name, group, 'lanes'), groupKey(name, group, 'parked')

local woken = false
local function schedule(at, id)
  local first = redis.call('ZRANGE', DUE, 0, 0, 'WITHSCORES')
  redis.call('ZADD', DUE, at, id)
  if not first[1] or at < tonumber(first[2]) then woken = true end
end

-- Whoever waits for the first that is due has to look again.
local function wake()
  if woken then redis.call('XADD', WAKE, 'MAXLEN', 1, '*', 'at', now) end
end

local function pad(number) return string.rep('0', 20 - #number) .. number end
local function parkedAs(lane, id)
  local ms, place = string.match(id, '(%d+)-(%d+)')
  return redis.sha1hex(lane) .. ':' .. pad(ms) .. '-' .. pad(place) .. ':' .. id
end

local function hold(lane, id)
  redis.call('HSET', LANES, 'lane:' .. lane, id, 'of:' .. id, lane)
end

-- The next of its lane may go ahead.
local function release(id)
  local lane = redis.call('HGET', LANES, 'of:' .. id)
  if not lane then return end
  redis.call('HDEL', LANES, 'of:' .. id, 'lane:' .. lane)
  local hash = redis.sha1hex(lane)
  local behind = redis.call('ZRANGEBYLEX', PARKED, '[' .. hash .. ':', '(' .. hash .. ';', 'LIMIT', 0, 1)[1]
  if not behind then
    -- Nobody reads on while the whole topic is held.
    woken = woken or order == 'topic'
    return
  end
  local next = string.match(behind, '([^:]+)$')
  redis.call('ZREM', PARKED, behind)
  hold(lane, next)
  schedule(now, next)
end

-- Acknowledges them: each is deleted when no other group has it before it.
local function finish(ids)
  if #ids == 0 then return end
  redis.call('XACK', stream, group, unpack(ids))
  redis.call('ZREM', DUE, unpack(ids))
  if order ~= 'none' then
    for _, id in ipairs(ids) do release(id) end
  end
  if RETAIN > 0 then return end
  local others, gone = {}, {}
  for _, other in ipairs(groupsOf(name)) do
    if other.name ~= group then others[#others + 1] = other end
  end
  for _, id in ipairs(ids) do
    local used = false
    for _, other in ipairs(others) do
      used = used or before(other['last-delivered-id'], id)
        or #redis.call('XPENDING', stream, other.name, id, id, 1) > 0
    end
    if not used then gone[#gone + 1] = id end
  end
  if #gone > 0 then redis.call('XDEL', stream, unpack(gone)) end
end

local function fieldsOf(entry)
  local fields, flat = {}, entry[2]
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end
`;
