/**
 * `ARGV`: 1 id, 2 definition, 3 version, 4 hash, 5 key, 6 parent, 7 input, 8 state, 9 status, 10 cancellable,
 * 11 owner, 12 the lease in ms. Answers whether it is new, and the saga that is there.
 */
export const insertSagaLua = `
local id, definition, key, owner, status = ARGV[1], ARGV[2], given(ARGV[5]), given(ARGV[11]), ARGV[9]
if redis.call('EXISTS', keyOf(id)) == 1 then return {0, recordOf(id)} end
local pointer = key and P .. ':key:' .. definition .. '\\n' .. key
local there = pointer and redis.call('GET', pointer)
if there then return {0, recordOf(there)} end
local stamp, kind = whole(now), kindOf(definition, ARGV[3], ARGV[4])
redis.call('HSET', keyOf(id), 'id', id, 'definition', definition, 'version', ARGV[3], 'hash', ARGV[4],
  'state', ARGV[8], 'status', status, 'cancellable', ARGV[10], 'epoch', owner and 1 or 0, 'revision', 0,
  'signals', 0, 'told', 0, 'createdAt', stamp, 'updatedAt', stamp)
for name, argument in pairs({key = ARGV[5], parent = ARGV[6], input = ARGV[7], owner = ARGV[11]}) do
  local value = given(argument)
  if value then redis.call('HSET', keyOf(id), name, value) end
end
if pointer then redis.call('SET', pointer, id) end
redis.call('ZADD', P .. ':all', 0, id)
enlist(id, kind, nil, status)
schedule(id, kind, status, isActive(status) and whole(now + (owner and tonumber(ARGV[12]) or 0)) or nil)
for _, address in ipairs(addressesOf(id, definition, key)) do redis.call('ZREM', P .. ':early', address) end
if OVER[status] then close(id, addressesOf(id, definition, key)) end
return {1, recordOf(id)}
`;

const takeLua = `
local function take(id, kind, status, owner, lease)
  local before = redis.call('HGET', keyOf(id), 'owner')
  redis.call('HINCRBY', keyOf(id), 'epoch', 1)
  redis.call('HSET', keyOf(id), 'owner', owner)
  schedule(id, kind, status, whole(now + lease))
  return {before and 1 or 0, recordOf(id)}
end
`;

/** `ARGV`: 1 owner, 2 the most, 3 the lease in ms, then kinds. Answers with those that were taken. */
export const claimSagasLua = `${takeLua}
local most, due = tonumber(ARGV[2]), {}
for at = 4, #ARGV do
  local found = redis.call('ZRANGEBYSCORE', P .. ':due:' .. ARGV[at], '-inf', whole(now), 'WITHSCORES',
    'LIMIT', 0, most)
  for n = 1, #found, 2 do due[#due + 1] = {found[n], tonumber(found[n + 1]), ARGV[at], #due} end
end
table.sort(due, function(a, b)
  if a[2] ~= b[2] then return a[2] < b[2] end
  return a[4] < b[4]
end)
local taken = {}
for _, one in ipairs(due) do
  if #taken == most then break end
  local status = redis.call('HGET', keyOf(one[1]), 'status')
  -- A hash that is gone was evicted: there is nothing to drive.
  if not status then redis.call('ZREM', P .. ':due:' .. one[3], one[1])
  else taken[#taken + 1] = take(one[1], one[3], status, ARGV[1], tonumber(ARGV[3])) end
end
return taken
`;

/** `ARGV`: 1 owner, 2 id, 3 the lease in ms. */
export const claimSagaLua = `${takeLua}
local saga = redis.call('HMGET', keyOf(ARGV[2]), 'owner', 'wakeAt', 'definition', 'version', 'hash', 'status')
if not saga[3] or (saga[1] and saga[2] and tonumber(saga[2]) > now) then return {} end
return take(ARGV[2], kindOf(saga[3], saga[4], saga[5]), saga[6], ARGV[1], tonumber(ARGV[3]))
`;

/**
 * `ARGV`: 1 id, 2 epoch, 3 revision, 4 state, 5 status, 6 cancellable, 7 whether it heeds a request to
 * cancel, 8 whether it gives back, 9 wakeAt, 10 signals, 11 the longest history, 12 the number of events,
 * then these, then ids of signals.
 */
export const writeSagaLua = `
local id = ARGV[1]
local saga = redis.call('HMGET', keyOf(id), 'epoch', 'revision', 'cancel', 'status', 'signals', 'definition',
  'version', 'hash', 'key', 'told', 'wakeAt')
if not saga[1] or saga[1] ~= ARGV[2] then return {'stale'} end
if saga[2] ~= ARGV[3] then
  -- Only one with this epoch can have made it: this one, whose answer was lost.
  return {tonumber(saga[2]) == tonumber(ARGV[3]) + 1 and 'written' or 'stale'}
end
if saga[3] and ARGV[7] == '0' then return {'cancel', saga[3]} end
local status, told, events = ARGV[5], tonumber(saga[10]), tonumber(ARGV[12])
for at = 13, 12 + events do
  told = told + 1
  redis.call('RPUSH', P .. ':history:' .. id, told .. ' ' .. whole(now) .. ' ' .. ARGV[2] .. ' ' .. ARGV[at])
end
if events > 0 then redis.call('LTRIM', P .. ':history:' .. id, -tonumber(ARGV[11]), -1) end
local addresses = addressesOf(id, saga[6], saga[9])
for at = 13 + events, #ARGV do
  for _, address in ipairs(addresses) do redis.call('HDEL', P .. ':signals:' .. address, ARGV[at]) end
end
redis.call('HSET', keyOf(id), 'state', ARGV[4], 'status', status, 'cancellable', ARGV[6],
  'revision', tonumber(ARGV[3]) + 1, 'told', told, 'updatedAt', whole(now))
local kind, wakeAt = kindOf(saga[6], saga[7], saga[8]), saga[11] or nil
if ARGV[8] == '1' then
  redis.call('HDEL', keyOf(id), 'owner')
  wakeAt = given(ARGV[9])
  if ARGV[10] ~= saga[5] then wakeAt = whole(now) end
  if not isActive(status) then wakeAt = nil end
end
enlist(id, kind, saga[4], status)
if ARGV[8] == '1' or isActive(status) ~= isActive(saga[4]) then schedule(id, kind, status, wakeAt) end
if OVER[status] then close(id, addresses) end
return {'written'}
`;

/** `ARGV`: 1 the lease in ms, then id and epoch of each. Answers with the ids that are lost. */
export const renewSagasLua = `
local lost = {}
for at = 2, #ARGV, 2 do
  local id = ARGV[at]
  local saga = redis.call('HMGET', keyOf(id), 'epoch', 'owner', 'definition', 'version', 'hash', 'status')
  if saga[1] == ARGV[at + 1] and saga[2] then
    schedule(id, kindOf(saga[3], saga[4], saga[5]), saga[6], whole(now + tonumber(ARGV[1])))
  else lost[#lost + 1] = id end
end
return lost
`;
