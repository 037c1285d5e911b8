-- Puts a block into the index of its new status. `from` is nil for a block that is just sealed.
local function move(block, from, to)
	if from == to then return end
	if from then call('ZREM', P .. 'blocks:' .. from, block) end
	call('ZADD', P .. 'blocks:' .. to, now, block)
	call('HSET', P .. 'block:' .. block, 'status', to)
end
