-- How many of those that wait for a turn are awake: the turn wakes them, they wake as many behind them as they go to the
-- broker, and should no wake reach them they look again by themselves. Those farther behind sleep longer: thousands that ask
-- whether it is their turn would keep the workers from the very blocks that they wait for.
local AWAKE = 16

-- The lowest score of a queue; nil where it is empty.
local function lowest(queue)
	return tonumber(call('ZRANGE', queue, 0, 0, 'WITHSCORES')[2])
end

-- Wakes those at these places of a queue, and tells the workers, also where somebody `is_awake` already.
local function wake_queue(queue, from, to, is_awake)
	local is_any = is_awake
	for _, block in ipairs(call('ZRANGE', queue, from, to)) do is_any = wake_block(block) or is_any end
	if is_any then call('PUBLISH', P .. 'wake', 'turn') end
end
