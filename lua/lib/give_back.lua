-- Gives back what an order counted for in its day's money, where it did (see admit): it is canceled.
local function give_back(order)
	local day, broker, cents = (call('HGET', P .. 'order:' .. order, 'worth') or ''):match('^(%d+) (%S+) (%d+)$')
	if day and call('EXISTS', day_key(broker, day)) == 1 then
		call('HINCRBY', day_key(broker, day), 'accepted_cents', '-' .. cents)
	end
end

