-- The first order of a request: it knows whose all of them are.
local function head_of(order)
	return P .. 'order:' .. order:match('^(.*-)') .. '0'
end

-- What follows when an order has become final: it expires. (Its place in its user's index goes later, see sweep.)
--
-- The first order of a request stands for the whole request, so it outlives all of it: `open` counts those that are not
-- final. `alone` says that there is nothing to outlive (a request of one; a bulk call, whose window stands for it).
local function end_order(order, alone, retention)
	local key = P .. 'order:' .. order
	if alone then return call('PEXPIRE', key, retention) end
	local head = head_of(order)
	if key ~= head then call('PEXPIRE', key, retention) end
	if call('HINCRBY', head, 'open', -1) == 0 then call('PEXPIRE', head, retention) end
end
