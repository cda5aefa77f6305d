/**
 * What all scripts of a registry begin with. `KEYS[1]` is what all names begin with, and holds the hash tag:
 * they are in one slot, so that a cluster can run them. `ARGV[1]` is how long ends are remembered, `ARGV[2]`
 * names the life of what is held, if it begins now.
 *
 * `i:<service>` holds instances by their ids, each as its incarnation, a space and JSON; `due` when a lease
 * ends; `rev` the revision of each service, which outlives its instances; `live` the services that have some.
 * `dead:<service>` holds the incarnations that are over, and `graves` for how long that is known.
 */
const common = `
local P = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local touched = {}

local function whole(number) return string.format('%.0f', number) end
local function place(service, id) return service .. '\\n' .. id end
local function parts(place) return string.match(place, '^(.-)\\n(.*)$') end

local function read(service, id)
  local entry = redis.call('HGET', P .. ':i:' .. service, id)
  if not entry then return nil end
  local incarnation, json = string.match(entry, '^(%d+) (.*)$')
  return tonumber(incarnation), json
end

local function over(service, id)
  local stone = redis.call('HGET', P .. ':dead:' .. service, id)
  if not stone then return nil end
  local incarnation, how = string.match(stone, '^(%d+) (%a+)$')
  return tonumber(incarnation), how == 'closed'
end

-- The incarnation that is over, where it or one before it asks.
local function against(service, id, incarnation)
  local known, closed = over(service, id)
  if not known or incarnation > known then return nil end
  if incarnation < known or closed then return known end
  return nil
end

local function bury(service, id, incarnation, how)
  local known, closed = over(service, id)
  if known and (known > incarnation or (known == incarnation and closed and how ~= 'closed')) then return end
  redis.call('HSET', P .. ':dead:' .. service, id, whole(incarnation) .. ' ' .. how)
  redis.call('ZADD', P .. ':graves', now + tonumber(ARGV[1]), place(service, id))
end

-- One revision for all that a script does to a service.
local function touch(service)
  if touched[service] then return end
  touched[service] = true
  redis.call('HINCRBY', P .. ':rev', service, 1)
  redis.call('PUBLISH', P .. ':news', service)
end

local function put(service, id, incarnation, json)
  redis.call('HSET', P .. ':i:' .. service, id, whole(incarnation) .. ' ' .. json)
  redis.call('SADD', P .. ':live', service)
  touch(service)
end

local function hold(service, id, ttl)
  redis.call('ZADD', P .. ':due', whole(now + ttl), place(service, id))
end

local function drop(service, id)
  redis.call('HDEL', P .. ':i:' .. service, id)
  redis.call('ZREM', P .. ':due', place(service, id))
  if redis.call('EXISTS', P .. ':i:' .. service) == 0 then redis.call('SREM', P .. ':live', service) end
  touch(service)
end

local function due(name)
  return redis.call('ZRANGEBYSCORE', P .. name, '-inf', whole(now), 'LIMIT', 0, 500)
end

for _, at in ipairs(due(':graves')) do
  local service, id = parts(at)
  redis.call('HDEL', P .. ':dead:' .. service, id)
  redis.call('ZREM', P .. ':graves', at)
end
local ended = due(':due')
while #ended > 0 do
  for _, at in ipairs(ended) do
    local service, id = parts(at)
    local incarnation = read(service, id)
    drop(service, id)
    if incarnation then bury(service, id, incarnation, 'ended') end
  end
  ended = due(':due')
end
-- What was changed by the end of leases and what follows are two revisions.
touched = {}
`;

const register = `
local service, id, json = ARGV[3], ARGV[4], ARGV[7]
local incarnation, ttl, most = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[8])
local known, there = read(service, id)
if not known then
  local stone = against(service, id, incarnation)
  if stone then return {'stale', whole(stone)} end
  if redis.call('ZCARD', P .. ':due') >= most then return {'full'} end
  redis.call('HDEL', P .. ':dead:' .. service, id)
  redis.call('ZREM', P .. ':graves', place(service, id))
elseif incarnation < known or (incarnation == known and json ~= there) then
  return {'stale', whole(known)}
end
if incarnation ~= known then put(service, id, incarnation, json) end
hold(service, id, ttl)
return {'registered'}`;

const renew = `
local service, id, incarnation, ttl = ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local known = read(service, id)
if not known then return against(service, id, incarnation) and 'stale' or 'unknown' end
if incarnation ~= known then return incarnation < known and 'stale' or 'unknown' end
hold(service, id, ttl)
return 'renewed'`;

const deregister = `
local service, id, incarnation = ARGV[3], ARGV[4], tonumber(ARGV[5])
local known = read(service, id)
if not incarnation then incarnation = known end
if not incarnation then return 'unknown' end
if known and known > incarnation then return 'stale' end
bury(service, id, incarnation, 'closed')
if not known then return 'unknown' end
drop(service, id)
return 'removed'`;

const view = `
local service = ARGV[3]
redis.call('SET', P .. ':epoch', ARGV[2], 'NX')
local epoch = redis.call('GET', P .. ':epoch')
local revision = redis.call('HGET', P .. ':rev', service) or '0'
if ARGV[4] == epoch and ARGV[5] == revision then return {epoch, revision} end
return {epoch, revision, redis.call('HVALS', P .. ':i:' .. service)}`;

/** One script for each thing that a registry asks of its store. */
export const registryScripts: Readonly<
  Record<'register' | 'renew' | 'deregister' | 'read' | 'services', string>
> = {
  register: common + register,
  renew: common + renew,
  deregister: common + deregister,
  read: common + view,
  services: `${common}return redis.call('SMEMBERS', P .. ':live')`,
};
