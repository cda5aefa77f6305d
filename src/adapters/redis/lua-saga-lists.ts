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

/** `ARGV`: 1 id. */
export const sagaHistoryLua = `return redis.call('LRANGE', P .. ':history:' .. ARGV[1], 0, -1)`;

/** `ARGV`: 1 the age in ms, 2 the most of each kind. Answers how many sagas went, and how many addresses. */
export const purgeSagasLua = `
local latest = whole(now - tonumber(ARGV[1]))
local ids = redis.call('ZRANGEBYSCORE', P .. ':over', '-inf', latest, 'LIMIT', 0, ARGV[2])
for _, id in ipairs(ids) do
  local saga = redis.call('HMGET', keyOf(id), 'definition', 'version', 'hash', 'key', 'status')
  if saga[4] then
    local pointer = P .. ':key:' .. saga[1] .. '\\n' .. saga[4]
    if redis.call('GET', pointer) == id then redis.call('DEL', pointer) end
  end
  if saga[5] then redis.call('ZREM', P .. ':by:' .. saga[5], id) end
  redis.call('DEL', keyOf(id), P .. ':history:' .. id)
  redis.call('ZREM', P .. ':all', id)
  redis.call('ZREM', P .. ':over', id)
end
local early = redis.call('ZRANGEBYSCORE', P .. ':early', '-inf', latest, 'LIMIT', 0, ARGV[2])
for _, address in ipairs(early) do
  redis.call('DEL', P .. ':signals:' .. address, P .. ':known:' .. address)
  redis.call('ZREM', P .. ':early', address)
end
return {#ids, #early}
`;
