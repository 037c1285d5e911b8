#!lua flags=allow-oom
-- The gate: every slice passes it right before its first byte leaves, the first time and again. Those that may go are stored
-- as perhaps sent (intent before effect): the worker hands them over within half a second or asks anew. The others stay.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     block  fence  lease_ms  retry_ms (when to ask again, where nothing says it better)
--          limits of the broker: RATE_PER_MIN (0: none) [RATE_PERIOD_MS OUT_MS (the longest that a call can be on its way)
--          [MAX_BLOCK_NOTIONAL COLLAR_PCT MAX_PRICE_AGE_S MAX_DAILY_NOTIONAL (each 0: no cap)]]
--          then each slice that wants to leave; none at all: the block goes to its end unsent
-- RETURNS  go CLIENT_ORDER_ID …
--          wait IN_MS WHY [halted]   none may go, nothing of the block is at the broker: it is released, and due in that many
--          hold IN_MS WHY [halted]   none may go, and the block stays in hand: something of it is at the broker, or may be
--          needs_review WHY EVIDENCE a cap would be broken
--          stale
-- WRITES   block:* slice:* blocks blocks:* sides:* rate:* halts:waiting notional:* counts
-- USES: base int need stage count move held rank at_broker tokens turns day_key count_notional caps review wake_halted refusal
local got = held(ARGV[1], ARGV[2], 'status', 'symbol', 'side', 'broker_type', 'orders', 'submitted_at', 'lane')
local _, status, symbol, side, broker, orders, submitted_at, lane = unpack(got or {})
local is_unsent = status == 'ready' or status == 'waiting'
if not is_unsent and status ~= 'submitting' and status ~= 'working' then return {'stale'} end
need('hash', 'counts', day_key(broker):sub(#P + 1))
need('set', 'halts:waiting')
need('zset', 'blocks', 'rate:' .. broker .. ':out', 'rate:' .. broker .. ':waiting')
for _, of in ipairs({status, 'waiting', 'submitting', 'needs_review'}) do need('zset', 'blocks:' .. of) end
for _, of in ipairs({':sell', ':buying', ':waiting'}) do need('set', 'sides:' .. broker .. ':' .. symbol .. of) end
local g = {block = ARGV[1], lease = ARGV[3], retry = tonumber(ARGV[4]), limits = read_limits(ARGV[5]), due = {}, status = status,
	symbol = symbol, side = side, broker = broker, lane = lane, is_unsent = is_unsent, key = P .. 'block:' .. ARGV[1],
	sides = P .. 'sides:' .. broker .. ':' .. symbol}
for a = 6, #ARGV do
	local is, at = unpack(call('HMGET', P .. 'slice:' .. ARGV[a], 'status', 'due_at'))
	if not RANK[is] or RANK[is] > 1 then return {'stale'} end
	at = tonumber(at or 0)
	if at > now then g.next_at = math.min(at, g.next_at or at) else g.due[#g.due + 1] = ARGV[a] end
end
g.b = bucket(broker, g.limits.per_min, g.limits.period)
local refused = #ARGV > 5 and refusal(g)
if refused then return stay(g, refused) end

local go = {}
for i = 1, math.min(#g.due, g.may or 0) do
	go[i] = g.due[i]
	call('HSET', P .. 'slice:' .. go[i], 'sent', 'maybe', 'updated_at', now)
	if call('HGET', P .. 'slice:' .. go[i], 'status') == 'created' then
		call('HSET', P .. 'slice:' .. go[i], 'status', 'submitting')
	end
end
if #go > 0 then
	take_tokens(g.b, go, g.limits.out_ms)
	if g.b.key then call('ZREM', g.b.key .. ':waiting', g.block) end
	if g.cents and g.limits.caps[4] > 0 then count_notional(broker, 'submitted_cents', g.cents) end
	call('SADD', g.sides .. (side == 'buy' and ':buying' or ':sell'), g.block)
	call('SREM', g.sides .. ':waiting', g.block)
	call('HSET', g.key, 'submitted_at', submitted_at or now)
end
call('HSET', g.key, 'updated_at', now, 'reason', '')
call('ZADD', P .. 'blocks', now + g.lease, g.block)
if is_unsent then
	call('HSET', g.key, 'attempts', 0)
	if status == 'waiting' then wake_halted(g.block, 8) end
	move(g.block, status, 'submitting')
	count(tonumber(orders), 'sealed', 'working')
end
table.insert(go, 1, 'go')
return go
