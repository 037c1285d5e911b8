-- The signature of the group that a block is made of.
local function signature_of(block)
	local fields = call('HMGET', P .. 'block:' .. block, 'symbol', 'side', 'broker_type', 'lot', 'order_type', 'limit_price')
	if fields[6] == '' then fields[6] = nil end
	return table.concat(fields, ' ')
end

