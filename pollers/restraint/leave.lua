-- A question was answered, or was not. Returns 'lost' when it opened the circuit, 'back' when it closed it.
-- KEYS: what is known of the server, its questions in flight. ARGV: ticket, verdict, pause in ms, reason, sentence,
-- failures that open the circuit, shortest and longest back-off in ms, shortest time open in ms, refusals that count,
-- a random number.
local state, inflight = KEYS[1], KEYS[2]
local ticket, verdict, pause, reason, detail = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local to_open, first, longest, shortest, refusals, chance =
  tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREM', inflight, ticket)

if verdict == 'ok' then
  local was = redis.call('HMGET', state, 'failures', 'opened', 'refusals')
  if was[1] or was[2] or was[3] then
    redis.call('HDEL', state, 'failures', 'opened', 'open_until', 'probe_until', 'refused_until', 'refusals')
  end
  return was[2] and 'back' or ''
elseif verdict == 'refused' and redis.call('HINCRBY', state, 'refusals', 1) < refusals then
  redis.call('HDEL', state, 'failures', 'probe_until')
elseif verdict == 'pause' or verdict == 'refused' then
  local word = verdict .. '_until'
  local longer = math.max(now + pause, tonumber(redis.call('HGET', state, word) or 0) or 0)
  redis.call('HSET', state, word, longer, 'reason', reason, 'detail', detail)
  redis.call('HDEL', state, 'failures', 'probe_until')
elseif verdict == 'failed' then
  local open_until = tonumber(redis.call('HGET', state, 'open_until') or 0) or 0
  if open_until > now then return '' end -- asked before it opened
  local failures = redis.call('HINCRBY', state, 'failures', 1)
  if failures >= to_open then
    local opened = redis.call('HINCRBY', state, 'opened', 1)
    local backoff = math.min(longest, first * 2 ^ (opened - 1))
    redis.call('HSET', state, 'open_until', now + math.max(shortest, math.floor(chance * backoff)),
      'reason', reason, 'detail', detail)
    redis.call('HDEL', state, 'probe_until')
    return opened == 1 and 'lost' or ''
  end
end
return ''
