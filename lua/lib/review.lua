-- Sets a block aside for a person. What may be at the broker keeps the opposite side away; what was never sent does not.
local function review(block, status, why)
	local key = P .. 'block:' .. block
	local symbol, broker, side, orders = unpack(call('HMGET', key, 'symbol', 'broker_type', 'side', 'orders'))
	local sides = side_keys(broker, symbol, side)
	call('ZREM', P .. 'blocks', block)
	count(tonumber(orders), ORDER_STATUS[status], 'working')
	call('HSET', key, 'review_from', status, 'worker', '', 'reason', why, 'updated_at', now)
	move(block, status, 'needs_review')
	if call('ZREM', sides.my_queue, block) == 1 then pass_turn(sides) end
end
