-- Whether something of the block is, or may be, open at the broker.
local function is_at_broker(block)
	for _, slice in ipairs(call('ZRANGE', P .. 'block:' .. block .. ':slices', 0, -1)) do
		local status, sent = unpack(call('HMGET', P .. 'slice:' .. slice, 'status', 'sent'))
		local rank = RANK[status]
		if rank == 2 or rank == 3 or (rank == 1 and sent ~= 'no') then return true end
	end
	return false
end
