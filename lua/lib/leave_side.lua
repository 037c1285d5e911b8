-- Nothing of the block is at the broker any more. The last one of its side wakes the first hundred of the other; beyond them
-- they look again by themselves. Returns whether anybody is woken: somebody has to publish it.
local function leave_side(keys, block)
	local was_there = call('SREM', keys.mine, block) + call('ZREM', keys.my_queue, block) > 0
	if not was_there or call('EXISTS', keys.mine) == 1 then return false end
	local waiting = call('ZRANGE', keys.their_queue, 0, 99)
	for _, other in ipairs(waiting) do
		call('ZADD', P .. 'blocks', 'XX', 'LT', now, other)
	end
	return #waiting > 0
end

