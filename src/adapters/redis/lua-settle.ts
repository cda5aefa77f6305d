/**
 * Settles a batch. `ARGV` from 9: for each, in one text, a verb, the entry, the delivery that it is, and what
 * belongs to the verb. It counts only when the entry is still with this consumer, and this is its latest
 * delivery.
 *
 * - `ack`: it is dealt with.
 * - `nack`: it comes again after so many ms; `release`: at once, and this delivery does not count.
 * - `extend`: the lease ends so many ms from now.
 * - `dead`: it becomes a dead letter with these headers.
 *
 * Answers for each: 1 done, 0 stale, 2 too many dead letters.
 */
export const settleLua = `
local answers, acked = {}, {}
-- Settled in this batch: what comes after that is stale.
local over = {}

-- How often an entry was delivered that this consumer has: the earliest it has are asked for in one go, for
-- those are mostly the ones that are settled.
local held = {}
local pending = redis.pcall('XPENDING', stream, group, '-', '+', #ARGV - 8, me)
-- The group is gone, and with it what was held.
local isGone = pending.err ~= nil
if not isGone then
  for _, entry in ipairs(pending) do held[entry[1]] = entry[4] end
end

local function isMine(id, attempt)
  if isGone or over[id] then return false end
  local count = held[id]
  if not count then
    local found = redis.call('XPENDING', stream, group, id, id, 1)[1]
    count = found and found[2] == me and found[4]
  end
  return count == tonumber(attempt)
end

local function bury(id, headers)
  local entry = redis.call('XRANGE', stream, id, id)[1]
  if not entry then return true end
  local record, topic = {}, name
  local flat = entry[2]
  for i = 1, #flat, 2 do
    if flat[i] == 'topic' then topic = flat[i + 1] end
    if flat[i] ~= 'headers' and flat[i] ~= 'group' then
      record[#record + 1] = flat[i]
      record[#record + 1] = flat[i + 1]
    end
  end
  record[#record + 1] = 'headers'
  record[#record + 1] = headers
  local key = P .. ':dead:' .. topic .. ':' .. group
  if redis.call('XLEN', key) >= MOST_DEAD then return false end
  redis.call('XADD', key, '*', unpack(record))
  return true
end

local function settle(verb, id, attempt, rest)
  if not isMine(id, attempt) then return 0 end
  if verb == 'dead' and not bury(id, rest) then return 2 end
  over[id] = verb ~= 'extend'
  if verb == 'ack' or verb == 'dead' then
    acked[#acked + 1] = id
  elseif verb == 'extend' then
    redis.call('ZADD', DUE, from + tonumber(rest), id)
  elseif verb == 'release' then
    redis.call('XCLAIM', stream, group, 'waiting', 0, id, 'RETRYCOUNT', attempt - 1, 'JUSTID')
    schedule(now, id)
  else
    redis.call('XCLAIM', stream, group, 'waiting', 0, id, 'JUSTID')
    local ms = tonumber(rest)
    schedule(ms > 0 and from + ms or now, id)
  end
  return 1
end

for i = 9, #ARGV do
  answers[#answers + 1] = settle(string.match(ARGV[i], '^(%a+) (%S+) (%d+) (.*)$'))
end
finish(acked)
wake()
return answers
`;
