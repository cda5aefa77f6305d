/**
 * What all scripts of sagas begin with. `KEYS[1]` is what all names begin with, and holds the hash tag: they
 * are in one slot, so that a cluster can run them. An argument that may be absent is `-`, or `+` and a text.
 *
 * A saga is a hash. It stands in `all` and in one of `by:<status>`, in the order of ids; in `due:<kind>` with
 * its time while there is something to do; in `over` with its end. `census` counts kinds that are not over.
 */
export const sagaCommonLua = `
local P = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local OVER = {completed = true, compensated = true}

local function whole(number) return string.format('%.0f', number) end
local function given(argument)
  if string.sub(argument, 1, 1) == '+' then return string.sub(argument, 2) end
  return nil
end
local function keyOf(id) return P .. ':saga:' .. id end
local function kindOf(definition, version, hash) return definition .. '\\n' .. version .. '\\n' .. hash end
local function isActive(status) return not OVER[status] and status ~= 'parked' end
local function recordOf(id) return redis.call('HGETALL', keyOf(id)) end

local function addressesOf(id, definition, key)
  if key then return {'i' .. id, 'k' .. definition .. '\\n' .. key} end
  return {'i' .. id}
end

-- When it is to be looked at: by whoever claims, where there is something to do.
local function schedule(id, kind, status, wakeAt)
  if wakeAt then redis.call('HSET', keyOf(id), 'wakeAt', wakeAt)
  else redis.call('HDEL', keyOf(id), 'wakeAt') end
  if wakeAt and isActive(status) then redis.call('ZADD', P .. ':due:' .. kind, wakeAt, id)
  else redis.call('ZREM', P .. ':due:' .. kind, id) end
end

local function count(kind, by)
  if redis.call('HINCRBY', P .. ':census', kind, by) == 0 then redis.call('HDEL', P .. ':census', kind) end
end

local function enlist(id, kind, from, to)
  if from ~= to then
    if from then redis.call('ZREM', P .. ':by:' .. from, id) end
    redis.call('ZADD', P .. ':by:' .. to, 0, id)
  end
  local was, is = from and not OVER[from], not OVER[to]
  if is and not was then count(kind, 1) end
  if was and not is then count(kind, -1) end
  if is and not was and from then redis.call('ZREM', P .. ':over', id) end
  if not is then redis.call('ZADD', P .. ':over', whole(now), id) end
end

-- Nobody will want its signals, and its locks are free.
local function close(id, addresses)
  for _, address in ipairs(addresses) do
    redis.call('DEL', P .. ':signals:' .. address, P .. ':known:' .. address)
    redis.call('ZREM', P .. ':early', address)
  end
  for _, lock in ipairs(redis.call('SMEMBERS', P .. ':locks:' .. id)) do
    local name = P .. ':lock:' .. lock
    if redis.call('HGET', name, 'saga') == id then redis.call('DEL', name) end
  end
  redis.call('DEL', P .. ':locks:' .. id)
end
`;
