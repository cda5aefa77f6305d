/** Something came for a saga. One that is due already keeps its place. */
const wakeLua = `
local function wake(id)
  local saga = redis.call('HMGET', keyOf(id), 'owner', 'status', 'wakeAt', 'definition', 'version', 'hash')
  if not saga[2] or OVER[saga[2]] then return end
  redis.call('HINCRBY', keyOf(id), 'signals', 1)
  if saga[1] or not isActive(saga[2]) then return end
  local at = saga[3] and math.min(tonumber(saga[3]), now) or now
  schedule(id, kindOf(saga[4], saga[5], saga[6]), saga[2], whole(at))
end
`;

/**
 * `ARGV`: 1 an address, 2 the saga where it is known, 3 what tells it from others, 4 the signal, 5 how many
 * may wait.
 */
export const signalSagaLua = `${wakeLua}
local address = ARGV[1]
local id = given(ARGV[2]) or redis.call('GET', P .. ':key:' .. string.sub(address, 2))
local status = id and redis.call('HGET', keyOf(id), 'status')
if status and OVER[status] then return 'late' end
local isNew = redis.call('SISMEMBER', P .. ':known:' .. address, ARGV[3]) == 0
if isNew and redis.call('HLEN', P .. ':signals:' .. address) >= tonumber(ARGV[5]) then return 'full' end
if isNew then redis.call('SADD', P .. ':known:' .. address, ARGV[3]) end
if isNew then redis.call('HSET', P .. ':signals:' .. address, redis.call('INCR', P .. ':place'), ARGV[4]) end
if status then wake(id)
elseif isNew and not redis.call('ZSCORE', P .. ':early', address) then
  redis.call('ZADD', P .. ':early', whole(now), address)
end
return isNew and 'kept' or 'known'
`;

/** `ARGV`: 1 id. Answers with places and signals, unsorted. */
export const signalsOfSagaLua = `
local saga = redis.call('HMGET', keyOf(ARGV[1]), 'definition', 'key')
local all = {}
if not saga[1] then return all end
for _, address in ipairs(addressesOf(ARGV[1], saga[1], saga[2])) do
  for _, part in ipairs(redis.call('HGETALL', P .. ':signals:' .. address)) do all[#all + 1] = part end
end
return all
`;

/** `ARGV`: 1 id, 2 why. */
export const cancelSagaLua = `${wakeLua}
local saga = redis.call('HMGET', keyOf(ARGV[1]), 'status', 'cancel', 'cancellable')
if not saga[1] then return 'unknown' end
if OVER[saga[1]] then return 'over' end
if saga[2] then return 'accepted' end
if saga[3] == '0' then return 'refused' end
redis.call('HSET', keyOf(ARGV[1]), 'cancel', ARGV[2])
wake(ARGV[1])
return 'accepted'
`;

/** `ARGV`: 1 id. */
export const wakeSagaLua = `${wakeLua}
wake(ARGV[1])
return 1
`;

/** `ARGV`: 1 the lock, 2 id, 3 epoch, 4 its lease in ms. Answers whether the saga has it. */
export const lockSagaLua = `
local lock, id = P .. ':lock:' .. ARGV[1], ARGV[2]
local saga = redis.call('HMGET', keyOf(id), 'epoch', 'status')
if not saga[1] or saga[1] ~= ARGV[3] or OVER[saga[2]] then return 0 end
local there = redis.call('HMGET', lock, 'saga', 'lease')
if there[1] and there[1] ~= id then
  local holder = redis.call('HMGET', keyOf(there[1]), 'status', 'updatedAt')
  if holder[1] and not OVER[holder[1]] then
    if holder[1] ~= 'parked' or now < tonumber(holder[2]) + tonumber(there[2]) then return 0 end
  end
  redis.call('SREM', P .. ':locks:' .. there[1], ARGV[1])
end
redis.call('HSET', lock, 'saga', id, 'lease', ARGV[4])
redis.call('SADD', P .. ':locks:' .. id, ARGV[1])
return 1
`;
