-- The token bucket of a broker, shared by all workers of all hosts: a call to the broker takes a token. It holds a fifth of
-- what a minute allows, and the rest comes evenly over the minute, so that no minute sees more than `per_min`.

-- Tokens that are there now (below 0: calls were made that had none), and how many come in a millisecond. per_min 0: no limit.
local function bucket(broker, per_min)
	if per_min == 0 then return math.huge, 1 end
	local size = math.max(1, math.floor(per_min / 5))
	local per_ms = math.max(per_min - size, per_min / 2) / 60000
	local tokens, at = unpack(call('HMGET', P .. 'rate:' .. broker, 'tokens', 'at'))
	if not tokens then return size, per_ms end
	return math.min(size, tokens + math.max(0, now - at) * per_ms), per_ms
end

-- Takes `n` of the `tokens` that bucket() found.
local function take_tokens(broker, tokens, n)
	if tokens == math.huge then return end
	call('HSET', P .. 'rate:' .. broker, 'tokens', string.format('%.3f', tokens - n), 'at', now)
end

