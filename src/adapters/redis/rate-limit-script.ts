/**
 * The bucket of `core/bucket.ts` in Lua, with microseconds for its unit of time: its numbers are whole, its
 * decisions exact. `KEYS[1]` holds `origin fullAt ticks token burst`: the bucket will be full `fullAt` ticks
 * after `origin`; a microsecond has `ticks` ticks, a token costs `token` of them. There is no key for a full
 * bucket: it expires.
 *
 * `ARGV`: cost (below 0 to give back), limit, period in µs, burst, the longest wait in µs. Answers whether it
 * was taken, the wait in µs, and how many tokens are left, as texts: Redis cuts numbers to integers.
 *
 * Written for Redis 5 and later, where scripts are replicated by what they did. One key, so that it runs in
 * a cluster.
 */
export const rateLimitScript = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local cost, limit, period = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local burst, maxWait = tonumber(ARGV[4]), tonumber(ARGV[5])

local a, b = limit, period
while b > 0 do a, b = b, a % b end
local ticks, token = limit / a, period / a
local span = burst * token

local origin, fullAt, changed = now, 0, false
local kept = redis.call('GET', KEYS[1])
if kept then
  local parts = {}
  for part in string.gmatch(kept, '%S+') do parts[#parts + 1] = tonumber(part) end
  local keptTicks, keptToken = parts[3], parts[4]
  origin, fullAt = parts[1], parts[2]
  changed = keptTicks ~= ticks or keptToken ~= token or parts[5] ~= burst
  local missing = fullAt - math.max(0, now - origin) * keptTicks
  if missing <= 0 then
    origin, fullAt = math.max(origin, now), 0
  elseif changed then
    origin = math.max(origin, now)
    fullAt = math.min(span, math.ceil(missing / keptToken * token))
  end
end

local elapsed = math.max(0, now - origin) * ticks
local taken, wait = 1, 0
if cost < 0 then
  if not kept then return {'1', '0', ARGV[4]} end
  fullAt = math.max(fullAt + cost * token, elapsed)
else
  wait = math.max(0, math.ceil((fullAt + cost * token - span - elapsed) / ticks))
  if wait > maxWait then taken = 0 else fullAt = fullAt + cost * token end
end
-- Whole microseconds, so that the ticks stay whole, and small.
local passed = math.max(0, now - origin)
origin, fullAt = origin + passed, fullAt - passed * ticks
if fullAt <= 0 then
  redis.call('DEL', KEYS[1])
  fullAt = 0
elseif taken == 1 or changed then
  local ttl = math.ceil((origin - now + fullAt / ticks) / 1000) + 1
  local value = string.format('%.0f %.0f %.0f %.0f %.0f', origin, fullAt, ticks, token, burst)
  redis.call('SET', KEYS[1], value, 'PX', string.format('%.0f', ttl))
end
local left = math.max(0, math.floor((span - fullAt) / token))
return {tostring(taken), string.format('%.0f', wait), string.format('%.0f', left)}
`;
