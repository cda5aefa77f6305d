/** `ARGV`: 1 id. */
export const getSagaLua = `return recordOf(ARGV[1])`;

/** `ARGV`: 1 definition, a line break, key. */
export const findSagaLua = `
local id = redis.call('GET', P .. ':key:' .. ARGV[1])
return id and recordOf(id) or {}
`;

/**
 * `ARGV`: 1 the status, 2 the definition, 3 after which id, 4 the most, 5 how many are looked at. Answers
 * with the id up to which it looked, empty at the end, and with sagas.
 */
export const listSagasLua = `
local status, definition, after = given(ARGV[1]), given(ARGV[2]), given(ARGV[3])
local from = status and P .. ':by:' .. status or P .. ':all'
local ids = redis.call('ZRANGEBYLEX', from, after and '(' .. after or '-', '+', 'LIMIT', 0, ARGV[5])
local found, upto = {}, #ids == tonumber(ARGV[5]) and ids[#ids] or ''
for _, id in ipairs(ids) do
  if not definition or redis.call('HGET', keyOf(id), 'definition') == definition then
    found[#found + 1] = recordOf(id)
    if #found == tonumber(ARGV[4]) then
      upto = id
      break
    end
  end
end
return {upto, found}
`;

export const countSagasLua = `return redis.call('HGETALL', P .. ':census')`;

export const countByStatusLua = `
local counts = {}
for place, status in ipairs({'running', 'waiting', 'compensating', 'parked'}) do
  counts[place] = redis.call('ZCARD', P .. ':by:' .. status)
end
return counts
`;

/** `ARGV`: 1 id. */
export const sagaHistoryLua = `return redis.call('LRANGE', P .. ':history:' .. ARGV[1], 0, -1)`;

/**
 * `ARGV`: 1 the age in ms, 2 the most of each kind, 3 how many of the oldest are passed over. Answers how
 * many sagas went, how many addresses, and how many sagas were kept, as steps of others that are under way.
 */
export const purgeSagasLua = `
local latest, kept = whole(now - tonumber(ARGV[1])), 0
local ids = redis.call('ZRANGEBYSCORE', P .. ':over', '-inf', latest,
  'LIMIT', ARGV[3], ARGV[2])
local function forget(id, definition, key, status)
  if key then
    local pointer = P .. ':key:' .. definition .. '\\n' .. key
    if redis.call('GET', pointer) == id then redis.call('DEL', pointer) end
  end
  if status then redis.call('ZREM', P .. ':by:' .. status, id) end
  redis.call('DEL', keyOf(id), P .. ':history:' .. id)
  redis.call('ZREM', P .. ':all', id)
  redis.call('ZREM', P .. ':over', id)
end
for _, id in ipairs(ids) do
  local saga = redis.call('HMGET', keyOf(id), 'definition', 'key', 'status', 'parent')
  local above = saga[4] and redis.call('HGET', keyOf(saga[4]), 'status')
  if above and not OVER[above] then kept = kept + 1 else forget(id, saga[1], saga[2], saga[3]) end
end
local early = redis.call('ZRANGEBYSCORE', P .. ':early', '-inf', latest, 'LIMIT', 0, ARGV[2])
for _, address in ipairs(early) do
  redis.call('DEL', P .. ':signals:' .. address, P .. ':known:' .. address)
  redis.call('ZREM', P .. ':early', address)
end
return {#ids - kept, #early, kept}
`;
