-- What follows when an order has become final: it expires, and its user's index will be swept when it has.
--
-- The first order of a request stands for the whole request, so it outlives all of it: `open` counts those that are not
-- final. `alone` says that there is nothing to outlive (a request of one; a bulk call, whose window stands for it).
local function end_order(order, user, alone, retention)
	local key = P .. 'order:' .. order
	local head = alone and key or (P .. 'order:' .. order:match('^(.*-)') .. '0')
	if alone or key ~= head then call('PEXPIRE', key, retention) end
	if not alone and call('HINCRBY', head, 'open', -1) == 0 then call('PEXPIRE', head, retention) end
	call('ZADD', P .. 'users', 'NX', now + retention, user)
end
