-- Sets a block aside for a person. What may be at the broker keeps the opposite side away; what was never sent does not.
local function review(block, status, why)
	local key = P .. 'block:' .. block
	local symbol, broker, side, orders = unpack(call('HMGET', key, 'symbol', 'broker_type', 'side', 'orders'))
	call('ZREM', side_keys(broker, symbol, side).my_queue, block)
	call('ZREM', P .. 'blocks', block)
	count(tonumber(orders), ORDER_STATUS[status], 'working')
	call('HSET', key, 'review_from', status, 'worker', '', 'reason', why, 'updated_at', now)
	move(block, status, 'needs_review')
end
