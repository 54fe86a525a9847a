-- May a question be asked now? {word, milliseconds to wait, reason, sentence}; "go" has taken its turn, and so
-- has "probe", by which a server that was left alone is tried again.
-- KEYS: what is known of the server, its questions in flight. ARGV: failures that open the circuit, questions at
-- once, questions a second, lease in ms, ticket.
local state, inflight = KEYS[1], KEYS[2]
local to_open, at_once, rate, lease, ticket =
  tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local known = redis.call('HMGET', state, 'pause_until', 'refused_until', 'open_until', 'probe_until', 'tokens', 'at',
  'reason', 'detail')
local function at(number) return tonumber(known[number] or 0) or 0 end
local reason, detail = known[7] or '', known[8] or ''

if at(1) > now then return {'pause', at(1) - now, reason, detail} end
if at(2) > now then return {'refused', at(2) - now, reason, detail} end
local open_until, probing = at(3), at(4) > now
if open_until > now then return {'open', open_until - now, reason, detail} end
if open_until > 0 and probing then return {'open', at(4) - now, reason, detail} end

redis.call('ZREMRANGEBYSCORE', inflight, '-inf', now)
if redis.call('ZCARD', inflight) >= at_once then return {'busy', 20, '', ''} end
local tokens = math.min(rate, (tonumber(known[5] or rate) or rate) + (now - at(6)) * rate / 1000)
if tokens < 1 then return {'busy', math.ceil((1 - tokens) * 1000 / rate), '', ''} end

redis.call('HSET', state, 'tokens', tostring(tokens - 1), 'at', now)
local word = 'go'
if open_until > 0 then
  word = 'probe'
  redis.call('HSET', state, 'probe_until', now + lease)
end
redis.call('ZADD', inflight, now + lease, ticket)
redis.call('PEXPIRE', state, 3600000)
redis.call('PEXPIRE', inflight, 3600000)
return {word, 0, '', ''}
