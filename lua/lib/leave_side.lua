-- Nothing of the block is at the broker any more, and it wants no turn.
local function leave_side(keys, block)
	if call('ZREM', keys.mine, block) + call('ZREM', keys.my_queue, block) > 0 then pass_turn(keys) end
end
