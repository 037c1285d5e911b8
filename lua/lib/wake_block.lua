-- Makes a block due now where it waits and nobody has it in hand. Returns whether that hastens it.
local function wake_block(block)
	if redis.pcall('HGET', P .. 'block:' .. block, 'worker') ~= '' then return false end
	return call('ZADD', P .. 'blocks', 'XX', 'LT', 'CH', now, block) == 1
end
