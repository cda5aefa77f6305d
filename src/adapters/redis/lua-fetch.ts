/**
 * Hands out so many deliveries: those whose lease or wait is over first, then new ones. `ARGV` from 9: how
 * many, the ms of the lease, the ms until the group is dropped unless it is heard of again (0 for never), and
 * whether to tidy up.
 *
 * Answers the deliveries, each as a text and its body, in one row; then, when there was less than was asked
 * for, for how many ms there will be nothing (-1 for nobody knows), and the ends of the three streams of
 * which one grows when there is something before.
 */
export const fetchLua = `
local want, leaseMs = tonumber(ARGV[9]), tonumber(ARGV[10])
local guestMs, tidy = tonumber(ARGV[11]), ARGV[12] == '1'
local MOST_PARKED, MOST_READ = 10000, 1000
local got, acked, leased = {}, {}, {}
local leaseEnd = string.format('%.0f', from + leaseMs)
-- A group that is gone is an error before anything is done.
redis.call('XPENDING', stream, group)

moveDue()
if guestMs > 0 then
  local guests = P .. ':guests:' .. name
  redis.call('ZADD', guests, now + guestMs, group)
  for _, key in ipairs({ DUE, WAKE, LANES, PARKED }) do redis.call('PEXPIRE', key, IDLE_MS) end
  if redis.call('PTTL', stream) >= 0 then
    for _, key in ipairs({ stream, guests, P .. ':rules:' .. name }) do
      redis.call('PEXPIRE', key, IDLE_MS)
    end
  end
end
if tidy then
  reapGuests(name)
  trim(name, RETAIN)
end

-- Only what somebody else has written can have more.
local function oneLine(text)
  return string.find(text, '\\n', 1, true) and string.gsub(text, '\\n', ' ') or text
end

local function take(entry, attempt, fields)
  leased[#leased + 1] = leaseEnd
  leased[#leased + 1] = entry[1]
  want = want - 1
  got[#got + 1] = entry[1] .. ' ' .. attempt .. ' ' .. oneLine(fields.topic or name) .. '\\n' ..
    oneLine(fields.headers or '{}') .. '\\n' .. (fields.key or '')
  got[#got + 1] = fields.body or ''
end

-- In one call, which costs a fraction of one for each.
local function lease()
  if #leased > 0 then redis.call('ZADD', DUE, unpack(leased)) end
  leased = {}
end

if want > 0 then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', DUE, '-inf', now, 'LIMIT', 0, want)) do
    local entry = redis.call('XCLAIM', stream, group, me, 0, id)[1]
    if entry and entry[2] then
      take(entry, redis.call('XPENDING', stream, group, id, id, 1)[1][4], fieldsOf(entry))
    else
      -- It was deleted by somebody else. Whoever goes ahead is compared with those that are due.
      lease()
      redis.call('XACK', stream, group, id)
      redis.call('ZREM', DUE, id)
      release(id)
    end
  end
end

local function laneOf(fields)
  if order == 'topic' then return '' end
  if order == 'key' and fields.key ~= '' then return fields.key end
  return nil
end

local function park(lane, id)
  redis.call('XCLAIM', stream, group, 'waiting', 0, id, 'RETRYCOUNT', 0, 'JUSTID')
  redis.call('ZADD', PARKED, 0, parkedAs(lane, id))
end

local parked = order == 'none' and 0 or redis.call('ZCARD', PARKED)
local read, exhausted = 0, false
while want > 0 and read < MOST_READ and parked < MOST_PARKED do
  local count = want
  if order == 'topic' then
    if redis.call('HEXISTS', LANES, 'lane:') == 1 then break end
    count = 1
  end
  local reply = redis.call('XREADGROUP', 'GROUP', group, me, 'COUNT', count, 'STREAMS', stream, '>')
  if not reply then
    exhausted = true
    break
  end
  for _, entry in ipairs(reply[1][2]) do
    read = read + 1
    local id, fields = entry[1], fieldsOf(entry)
    local lane = laneOf(fields)
    if fields.group and fields.group ~= group then
      acked[#acked + 1] = id
    elseif lane and redis.call('HEXISTS', LANES, 'lane:' .. lane) == 1 then
      park(lane, id)
      parked = parked + 1
    else
      if lane then hold(lane, id) end
      take(entry, '1', fields)
    end
  end
end
lease()
finish(acked)
wake()

if want == 0 or read >= MOST_READ then return { got } end
local waitMs = -1
for _, key in ipairs({ DUE, LATER }) do
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if first[1] then
    local ms = math.max(1, tonumber(first[2]) - now)
    if waitMs < 0 or ms < waitMs then waitMs = ms end
  end
end
local function endOf(key)
  local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
  return last and last[1] or '0-0'
end
return { got, waitMs, endOf(stream), endOf(WAKE), endOf(LATER .. ':wake') }
`;
