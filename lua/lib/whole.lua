-- Refuses a block with a key that is not what it must be: such a one waits, and holds up no other.
local function check_block(block)
	need('hash', 'block:' .. block)
	need('zset', 'block:' .. block .. ':slices')
	for _, id in ipairs(call('ZRANGE', P .. 'block:' .. block .. ':slices', 0, -1)) do need('hash', 'slice:' .. id) end
	local status, symbol, broker = unpack(call('HMGET', P .. 'block:' .. block, 'status', 'symbol', 'broker_type'))
	need('zset', 'blocks:' .. status)
	need_sides(broker, symbol)
end

