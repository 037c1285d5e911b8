#!lua flags=allow-oom
-- The gate: every slice passes it right before its first byte leaves, the first time and again. Those that may go are stored
-- as perhaps sent (intent before effect): the worker hands them over within half a second or asks anew. The others stay.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     block  fence  lease_ms  retry_ms (when to ask again, where nothing says it better)
--          limits of the broker: RATE_PER_MIN (0: none) [RATE_PERIOD_MS OUT_MS (the longest that a call can be on its way)
--          [MAX_BLOCK_NOTIONAL COLLAR_PCT MAX_PRICE_AGE_S MAX_DAILY_NOTIONAL (each 0: no cap)]]
--          then each slice that wants to leave, by number; none at all: the block goes to its end unsent. "strict" before
--          them: slices of a large block whose time has passed are to be merged first
-- RETURNS  go CLIENT_ORDER_ID …
--          wait IN_MS WHY [halted]   none may go, nothing of the block is at the broker: it is released, and due in that many
--          hold IN_MS WHY [halted]   none may go, and the block stays in hand: something of it is at the broker, or may be
--          yield IN_MS WHY           the same, and what works at the broker is to be canceled: the other side waits for it
--          needs_review WHY EVIDENCE a cap would be broken
--          missed CLIENT_ORDER_ID …  these are due at once, of a large block; nothing is written
--          closed                    the market closes before they can be there, or has closed; nothing is written
--          stale
-- WRITES   block:* slice:* blocks blocks:* sides:* rate:* halts:waiting notional:* counts; publishes wake
-- USES: base int need need_sides stage count move held rank at_broker tokens turns day_key count_notional caps sides wake_block queue pass_turn has_turn review wake_halted leaving refusal
local got = held(ARGV[1], ARGV[2], 'status', 'symbol', 'side', 'broker_type', 'orders', 'submitted_at', 'lane', 'sealed_at',
	'close_at')
local _, status, symbol, side, broker, orders, submitted_at, lane, sealed_at, close_at = unpack(got or {})
local is_unsent = status == 'ready' or status == 'waiting'
if not is_unsent and status ~= 'submitting' and status ~= 'working' then return {'stale'} end
need('hash', 'counts', day_key(broker):sub(#P + 1))
need('set', 'halts:waiting')
need('zset', 'blocks', 'rate:' .. broker .. ':out', 'rate:' .. broker .. ':waiting')
for _, of in ipairs({status, 'waiting', 'submitting', 'needs_review'}) do need('zset', 'blocks:' .. of) end
need_sides(broker, symbol)

local due, fresh, next_at = leaving(ARGV[6] == 'strict' and 7 or 6)
if not due then return {'stale'} end
local ON_ITS_WAY = 1000 -- ms: what may leave now is with the broker by then
if #ARGV > 5 and close_at and tonumber(close_at) <= now + ON_ITS_WAY then return {'closed'} end
if ARGV[6] == 'strict' and #fresh > 1 then return {'missed', unpack(fresh)} end
local g = {block = ARGV[1], lease = ARGV[3], retry = tonumber(ARGV[4]), limits = read_limits(ARGV[5]), due = due, status = status,
	symbol = symbol, side = side, broker = broker, is_unsent = is_unsent, key = P .. 'block:' .. ARGV[1], next_at = next_at,
	lane = lane, sides = side_keys(broker, symbol, side)}
g.since = tonumber(call('ZSCORE', g.sides.my_queue, g.block) or lane == 'large' and due[1] and due[1].at or sealed_at)
g.b = bucket(broker, g.limits.per_min, g.limits.period)
local refused = #ARGV > 5 and refusal(g)
if refused then return stay(g, refused) end

local go = let_go(due, math.min(lane == 'large' and 1 or #due, #due, g.may or 0))
if #go > 0 then
	take_tokens(g.b, go, g.limits.out_ms)
	if g.b.key then call('ZREM', g.b.key .. ':waiting', g.block) end
	if g.cents and g.limits.caps[4] > 0 then count_notional(broker, 'submitted_cents', g.cents) end
	join_turn(g.sides, g.block)
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
