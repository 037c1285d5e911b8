-- Takes a quantity out of the sum of its group, which is in the window; of a group that is full it is in the block.
local function take_quantity(window, block, quantity)
	local groups, signature = P .. 'window:' .. window .. ':groups', signature_of(block)
	local kept, sum = (call('HGET', groups, signature) or ''):match('^(%S+) (%S+)$')
	if kept == block then
		local whole, nano = split_quantity(sum)
		call('HSET', groups, signature, block .. ' ' .. quantity_text(add_quantity(whole, nano, quantity, -1)))
	else
		call('HINCRBY', P .. 'block:' .. block, 'quantity_nano', '-' .. nano_text(split_quantity(quantity)))
	end
end
