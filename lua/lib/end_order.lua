-- What follows when an order has become final: it expires, its request and its user's index know.
--
-- The first order of a request stands for the whole request, so it outlives all of it: `open` counts those that are not
-- final. `alone` says that there is nothing to outlive (a request of one; a bulk call, whose window stands for it).
local function end_order(order, user, alone, retention)
	local key = P .. 'order:' .. order
	local head = alone and key or (P .. 'order:' .. order:match('^(.*-)') .. '0')
	if alone or key ~= head then call('PEXPIRE', key, retention) end
	if not alone and call('HINCRBY', head, 'open', -1) == 0 then call('PEXPIRE', head, retention) end

	-- The member `open` of a user's index counts the same; its small score keeps it at the first place. What has expired
	-- leaves at the old end, so that no index needs a walk.
	local index = P .. 'user:' .. user .. ':orders'
	if call('ZINCRBY', index, -1, 'open') == '0' then call('PEXPIRE', index, retention) end
	for _ = 1, 4 do
		local oldest = call('ZRANGE', index, 1, 1)[1]
		if not oldest or call('EXISTS', P .. 'order:' .. oldest) == 1 then break end
		call('ZREM', index, oldest)
	end
end
