-- Refuses where what the seal of the next `chunk` groups of a window writes is not what it must be.
local function need_window(window, from, chunk)
	local at = 'window:' .. window
	need('hash', 'counts', 'windows:open', at .. ':groups')
	need('zset', 'blocks', 'blocks:ready', 'blocks:closing', 'blocks:canceled', 'windows:working', 'windows:done')
	for _, block in ipairs(call('ZRANGE', P .. at .. ':blocks', from, from + chunk - 1)) do
		local symbol, side, broker = unpack(call('HMGET', P .. 'block:' .. block, 'symbol', 'side', 'broker_type'))
		need('zset', 'block:' .. block .. ':orders')
		if side == 'sell' then need('zset', side_keys(broker, symbol, side).sells:sub(#P + 1)) end
	end
end

