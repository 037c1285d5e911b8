-- Whether a block of this side that wants a turn since then may go to the broker now.
local function has_turn(keys, since)
	if call('EXISTS', keys.theirs) == 1 then return false end
	local theirs = lowest(keys.their_queue)
	if not theirs then return true end
	local began = lowest(keys.mine)
	if began then return since <= began end
	local ours = math.min(since, lowest(keys.my_queue) or since)
	return ours < theirs or (ours == theirs and keys.is_sell)
end

-- The block of the other side that has the turn, or is first to have it: whoever waits for long is told whom for.
local function in_the_way(keys)
	return call('ZRANGE', keys.theirs, 0, 0)[1] or call('ZRANGE', keys.their_queue, 0, 0)[1]
end

-- The block goes to the broker: its side's turn begins, or goes on.
local function join_turn(keys, block)
	call('ZADD', keys.mine, 'NX', lowest(keys.mine) or now, block)
	if call('ZREM', keys.my_queue, block) == 0 then return end
	local last = call('ZRANGE', keys.my_queue, AWAKE - 1, AWAKE - 1)[1]
	if last and wake_block(last) then wake_queue(keys.my_queue, AWAKE, 2 * AWAKE - 2, true) end
end
