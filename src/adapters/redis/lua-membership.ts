/**
 * Makes sure of a group. `ARGV` from 9: what it starts with, what may be done about it, the ms until it is
 * dropped unless it is heard of again (0 for never), and whether the stream is that of a pattern with
 * wildcards. Answers `ok`, `missing`, `order` and the order that it keeps, or `kind` and what stands there.
 */
export const joinLua = `
local start, topology, guestMs, wild = ARGV[9], ARGV[10], tonumber(ARGV[11]), ARGV[12] == '1'
local kind = redis.call('TYPE', stream).ok
if kind ~= 'stream' and kind ~= 'none' then return 'kind ' .. kind end
local RULES = P .. ':rules:' .. name
local exists, kept = hasGroup(name, group), redis.call('HGET', RULES, group)
if exists and kept and kept ~= order and topology ~= 'none' then return 'order ' .. kept end
if not exists then
  if topology ~= 'ensure' and guestMs == 0 then return 'missing' end
  redis.call('XGROUP', 'CREATE', stream, group, start == 'earliest' and '0' or '$', 'MKSTREAM')
  -- Of a group of this name that is gone with its stream.
  redis.call('DEL', DUE, LANES, PARKED)
end
if not exists or topology == 'ensure' then
  redis.call('HSET', RULES, group, order)
  if wild then redis.call('SADD', P .. ':patterns', name) end
end
if guestMs > 0 then
  redis.call('ZADD', P .. ':guests:' .. name, now + guestMs, group)
  if kind == 'none' or redis.call('PTTL', stream) >= 0 then redis.call('PEXPIRE', stream, IDLE_MS) end
else
  for _, key in ipairs({ stream, P .. ':guests:' .. name, RULES }) do redis.call('PERSIST', key) end
end
-- Members that went without a word leave their names behind.
for _, flat in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
  local member = {}
  for j = 1, #flat, 2 do member[flat[j]] = flat[j + 1] end
  if member.pending == 0 and member.idle > 3600000 and member.name ~= 'waiting' then
    redis.call('XGROUP', 'DELCONSUMER', stream, group, member.name)
  end
end
return 'ok'
`;

/**
 * Ends a membership: what the consumer holds is for the others at once. `ARGV` from 9: whether the group ends
 * with it, and whether the stream is that of a pattern with wildcards.
 */
export const leaveLua = `
if ARGV[9] == '1' then
  dropGroup(name, group)
  if #groupsOf(name) > 0 then return 'ok' end
  if ARGV[10] == '1' then
    redis.call('SREM', P .. ':patterns', name)
    redis.call('DEL', stream)
  elseif redis.call('XLEN', stream) == 0 then
    redis.call('DEL', stream)
  end
  return 'ok'
end
if not hasGroup(name, group) then return 'ok' end
while true do
  local held = redis.call('XPENDING', stream, group, '-', '+', 1000, me)
  if #held == 0 then break end
  for _, pending in ipairs(held) do
    redis.call('XCLAIM', stream, group, 'waiting', 0, pending[1], 'JUSTID')
    schedule(now, pending[1])
  end
  -- Those that were deleted by somebody else cannot be claimed, and end here.
  for _, pending in ipairs(redis.call('XPENDING', stream, group, '-', '+', 1000, me)) do
    if #redis.call('XRANGE', stream, pending[1], pending[1]) == 0 then
      redis.call('XACK', stream, group, pending[1])
    end
  end
end
redis.call('XGROUP', 'DELCONSUMER', stream, group, me)
wake()
return 'ok'
`;
