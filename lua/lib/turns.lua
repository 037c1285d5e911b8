-- Who goes first while tokens are short: blocks that found none stand in `rate:BROKER:waiting`, scored by their seal, plus
-- half a minute for a buy and a whole one for normal priority. So sells go before buys and high priority before normal,
-- and nobody waits for ever, as whoever comes later only goes before those that have not waited as much longer.
local NORMAL = {window = true, large = true}

-- How many calls of the block `g` may leave now; where none may, when to ask again, and the score to wait with.
local function turn(g)
	local b, period = g.b, g.limits.period
	if not b.key then return math.huge end
	local waiting = b.key .. ':waiting'
	local behind = (g.side == 'buy' and period / 2 or 0) + (NORMAL[g.lane] and period or 0)
	local score = int(tonumber(call('HGET', g.key, 'sealed_at')) + math.floor(behind))
	for _, first in ipairs(call('ZRANGE', waiting, 0, 3)) do -- who stands first and waits no more is in the way
		if not call('ZSCORE', P .. 'blocks', first) then call('ZREM', waiting, first) end
	end
	local better = call('ZCOUNT', waiting, '-inf', '(' .. score)
	local free = b.free - better
	if tonumber(call('HGET', b.key, 'calls_wait_until') or 0) > now then free = free - 1 end
	if free >= 1 then return free end
	return 0, math.min(tokens_in_ms(b, better + 1), 30000), score
end

