#!lua flags=allow-oom
-- The gate: every slice passes it right before its first byte leaves, the first time and again. Those that may go are stored
-- as perhaps sent (intent before effect): the worker hands them over within half a second or asks anew. The others stay.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     block  fence  lease_ms  retry_ms (when to ask again, where nothing says it better)  rate_per_min (of the
--          broker; 0: no limit)  then each slice that wants to leave; none at all: the block goes to its end unsent
-- RETURNS  go CLIENT_ORDER_ID …
--          wait IN_MS WHY    none may go, nothing of the block is at the broker: it is released, and due in that many
--          hold IN_MS WHY    none may go, and the block stays in hand: something of it is at the broker, or may be
--          stale
-- WRITES   block:* slice:* blocks blocks:* sides:* rate:* counts
-- USES: base count move held rank at_broker bucket
local block, retry, per_min, result = ARGV[1], tonumber(ARGV[4]), tonumber(ARGV[5]), {'go'}
local got = held(block, ARGV[2], 'status', 'symbol', 'side', 'broker_type', 'orders', 'submitted_at')
local _, status, symbol, side, broker, orders, submitted_at = unpack(got or {})
local is_unsent = status == 'ready' or status == 'waiting'
if not is_unsent and status ~= 'submitting' and status ~= 'working' then return {'stale'} end
local key, sides = P .. 'block:' .. block, P .. 'sides:' .. broker .. ':' .. symbol

local due, next_at = {}, nil
for a = 6, #ARGV do
	local is, at = unpack(call('HMGET', P .. 'slice:' .. ARGV[a], 'status', 'due_at'))
	if not RANK[is] or RANK[is] > 1 then return {'stale'} end
	at = tonumber(at or 0)
	if at > now then next_at = math.min(at, next_at or at) else due[#due + 1] = {id = ARGV[a], is_new = RANK[is] == 0} end
end

local tokens, per_ms = bucket(broker, per_min)
local opposite = sides .. (side == 'buy' and ':sell' or ':buying')

-- Why none may go, and when to ask again.
local function refusal()
	local halts = call('HMGET', P .. 'halts', 'all', broker)
	if halts[1] or halts[2] then return (halts[1] and 'everything' or broker) .. ' is halted', retry end
	if #due == 0 then return 'its next slice is not due yet', next_at - now end
	if call('EXISTS', opposite) == 1 then
		return 'the opposite side of ' .. symbol .. ' is in play at ' .. broker, retry, sides .. ':waiting'
	end
	if tokens < 1 then return broker .. ' takes no more calls for now', math.ceil((1 - tokens) / per_ms) end
end

local why, in_ms, queue = nil, nil, nil
if #ARGV > 5 then why, in_ms, queue = refusal() end
if why then
	local is_held = is_at_broker(block)
	call('HSET', key, 'reason', why, 'updated_at', now)
	call('ZADD', P .. 'blocks', now + (is_held and ARGV[3] or in_ms), block)
	if is_held then return {'hold', in_ms, why} end
	call('HSET', key, 'worker', '', 'attempts', 0)
	if queue then call('SADD', queue, block) end
	if is_unsent then move(block, status, 'waiting') end
	return {'wait', in_ms, why}
end

local n = math.min(#due, math.floor(math.min(tokens, #due)))
for i = 1, n do
	call('HSET', P .. 'slice:' .. due[i].id, 'sent', 'maybe', 'updated_at', now)
	if due[i].is_new then call('HSET', P .. 'slice:' .. due[i].id, 'status', 'submitting') end
	result[i + 1] = due[i].id
end
if n > 0 then
	take_tokens(broker, tokens, n)
	call('SADD', sides .. (side == 'buy' and ':buying' or ':sell'), block)
	call('SREM', sides .. ':waiting', block)
	call('HSET', key, 'submitted_at', submitted_at or now)
end
call('HSET', key, 'updated_at', now, 'reason', '')
call('ZADD', P .. 'blocks', now + ARGV[3], block)
if is_unsent then
	call('HSET', key, 'attempts', 0)
	move(block, status, 'submitting')
	count(tonumber(orders), 'sealed', 'working')
end
return result
