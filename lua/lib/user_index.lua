-- Lists `n` new orders of a user that are not final; see end_order for the member `open`.
local function expect_orders(user, n)
	local index = P .. 'user:' .. user .. ':orders'
	if call('ZINCRBY', index, n, 'open') == tostring(n) then call('PERSIST', index) end
	return index
end
