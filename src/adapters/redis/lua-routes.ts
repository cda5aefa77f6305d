/** How a message comes into the stream of its topic and into those of the patterns that match it. */
export const routesLua = `
local function matches(pattern, topic)
  local rest = topic
  for token in string.gmatch(pattern, '[^.]+') do
    if token == '>' then return rest ~= nil end
    if rest == nil then return false end
    local head, tail = string.match(rest, '^([^.]*)%.(.*)$')
    if head == nil then head = rest end
    if token ~= '*' and token ~= head then return false end
    rest = tail
  end
  return rest == nil
end

local patterns
local routes = {}
local function routesOf(topic)
  if routes[topic] then return routes[topic] end
  patterns = patterns or redis.call('SMEMBERS', P .. ':patterns')
  local found = { topic }
  for _, pattern in ipairs(patterns) do
    if matches(pattern, topic) then
      if redis.call('EXISTS', streamKey(pattern)) == 1 then
        found[#found + 1] = pattern
      else
        -- Nobody has put off its end.
        redis.call('SREM', P .. ':patterns', pattern)
      end
    end
  end
  routes[topic] = found
  return found
end

local rooms = {}
local function roomOf(name)
  local room = rooms[name]
  if room then return room end
  local key = streamKey(name)
  local length = redis.pcall('XLEN', key)
  if type(length) == 'table' then return length end
  room = { durable = redis.call('PTTL', key) == -1, left = MOST - length }
  if room.durable and room.left <= 0 then
    reapGuests(name)
    if not trim(name, 0) then
      room.durable = false
      redis.call('PEXPIRE', key, IDLE_MS)
    end
    room.left = MOST - redis.call('XLEN', key)
  end
  rooms[name] = room
  return room
end

local function append(name, topic, record)
  local room, key = roomOf(name), streamKey(name)
  room.left = room.left - 1
  if room.durable then return redis.pcall('XADD', key, '*', unpack(record)) end
  local id = redis.pcall('XADD', key, 'MAXLEN', '~', MOST, '*', unpack(record))
  -- That of a pattern ends unless its readers put its end off.
  if name == topic and not room.put_off then
    redis.call('PEXPIRE', key, IDLE_MS)
    room.put_off = true
  end
  return id
end

-- Into all streams, or into none: answers the place in that of the topic, or an error.
local function publish(topic, key, headers, body, group)
  local record = { 'topic', topic, 'key', key, 'headers', headers, 'body', body }
  local targets = routesOf(topic)
  if group ~= '' then
    record[9], record[10] = 'group', group
    local own = {}
    for _, name in ipairs(targets) do
      if hasGroup(name, group) then own[#own + 1] = name end
    end
    if #own == 0 then return { err = 'NOGROUP there is no group ' .. group .. ' of ' .. topic } end
    targets = own
  end
  for _, name in ipairs(targets) do
    local room = roomOf(name)
    if room.err then return room end
    if room.durable and room.left <= 0 then
      return { err = 'FULL the stream of ' .. name .. ' has ' .. MOST .. ' entries' }
    end
  end
  local first
  for _, name in ipairs(targets) do
    local id = append(name, topic, record)
    if type(id) == 'table' and id.err then return id end
    first = first or id
  end
  return first
end

local LATER = P .. ':later'

local function postpone(ms, record)
  if redis.call('ZCARD', LATER) >= MOST then
    return { err = 'FULL ' .. MOST .. ' messages wait for their time' }
  end
  local number = redis.call('INCR', LATER .. ':count')
  local first = redis.call('ZRANGE', LATER, 0, 0, 'WITHSCORES')
  local at = from + ms
  redis.call('HSET', LATER .. ':records', number, cmsgpack.pack(record))
  redis.call('ZADD', LATER, at, number)
  if not first[1] or at < tonumber(first[2]) then
    redis.call('XADD', LATER .. ':wake', 'MAXLEN', 1, '*', 'at', at)
  end
  return 'later-' .. number
end

local function moveDue()
  for _, number in ipairs(redis.call('ZRANGEBYSCORE', LATER, '-inf', now, 'LIMIT', 0, 100)) do
    local packed = redis.call('HGET', LATER .. ':records', number)
    local id = packed and publish(unpack(cmsgpack.unpack(packed)))
    if type(id) == 'table' and id.err then
      redis.call('ZADD', LATER, now + 1000, number)
    else
      redis.call('ZREM', LATER, number)
      redis.call('HDEL', LATER .. ':records', number)
    end
  end
end
`;

/**
 * Publishes a batch. `ARGV` from 5: for each record, in one text, the ms before its time, its topic and the
 * only group that is to get it; then its key, headers and body. Answers the place of each, or `!` and why it
 * is nowhere.
 */
export const publishLua = `
local answers = {}
for i = 5, #ARGV, 4 do
  local ms, topic, group = string.match(ARGV[i], '^(%d+) (%S+) (.*)$')
  local key, headers, body, id = ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], nil
  if ms ~= '0' then
    id = postpone(ms, { topic, key, headers, body, group })
  else
    id = publish(topic, key, headers, body, group)
  end
  answers[#answers + 1] = type(id) == 'table' and '!' .. id.err or id
end
return answers
`;
