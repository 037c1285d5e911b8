-- Sets a block aside for a person. What may be at the broker keeps the opposite side away; what was never sent does not.
local function review(block, status, why)
	local key = P .. 'block:' .. block
	local symbol, broker, orders = unpack(call('HMGET', key, 'symbol', 'broker_type', 'orders'))
	if ORDER_STATUS[status] == 'sealed' then
		local sides = P .. 'sides:' .. broker .. ':' .. symbol
		call('SREM', sides .. ':sell', block)
		call('SREM', sides .. ':waiting', block)
	end
	call('ZREM', P .. 'blocks', block)
	count(tonumber(orders), ORDER_STATUS[status], 'working')
	call('HSET', key, 'review_from', status, 'worker', '', 'reason', why, 'updated_at', now)
	move(block, status, 'needs_review')
end
