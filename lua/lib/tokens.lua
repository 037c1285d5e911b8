-- The rate limit of a broker, shared by all workers of all hosts: each call to the broker takes a token.
--
-- The bucket holds a fifth of what a minute allows and the rest comes evenly over the minute, so that no minute sees more
-- than `per_min`. On top, the broker's own word: what remains in its present minute (`remaining` until `reset_at`), less
-- the calls that are on their way (`rate:BROKER:out`: taken, and no reply told yet), whoever else uses the account.

local RESET_MARGIN = 50 -- ms: its minute may end a little later than we think

-- {free: calls that may leave now, …}. per_min 0: no limit.
local function bucket(broker, per_min, period)
	if per_min == 0 then return {free = math.huge} end
	local key = P .. 'rate:' .. broker
	local tokens, at, limit, remaining, reset_at = unpack(call('HMGET', key, 'tokens', 'at', 'limit', 'remaining', 'reset_at'))
	per_min = math.min(per_min, tonumber(limit or per_min))
	local size = math.max(1, math.floor(per_min / 5))
	local b = {key = key, size = size, tokens = size}
	b.per_ms = math.max(per_min - size, per_min / 2) / period
	if tokens then b.tokens = math.min(size, tokens + math.max(0, now - at) * b.per_ms) end
	if tokens and tonumber(at) > now then call('HSET', key, 'at', now) end -- the clock went back: count on from here
	b.left = reset_at and math.max(0, reset_at + RESET_MARGIN - now) or 0
	if b.left > math.max(period, 60000) + 2 * RESET_MARGIN then b.left = 0 end -- no minute is that long: the clock went back
	b.room = (b.left > 0 and tonumber(remaining) or per_min) - call('ZCOUNT', key .. ':out', '(' .. now, '+inf')
	b.free = math.floor(math.min(b.tokens, b.room))
	return b
end

-- When `n` calls may leave, as far as is known now.
local function tokens_in_ms(b, n)
	local in_ms = math.max(1, math.ceil((n - b.tokens) / b.per_ms))
	return b.room < n and math.max(in_ms, b.left, RESET_MARGIN) or in_ms
end

-- Takes a token for each of these calls. They count as on their way until told otherwise (see rate), for `out_ms` at most.
local function take_tokens(b, ids, out_ms)
	if not b.key or #ids == 0 then return end
	b.tokens, b.room, b.free = b.tokens - #ids, b.room - #ids, b.free - #ids
	call('HSET', b.key, 'tokens', string.format('%.3f', b.tokens), 'at', now)
	for _, id in ipairs(ids) do call('ZADD', b.key .. ':out', now + out_ms, id) end
end

