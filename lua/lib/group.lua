local groups = {} -- block ids found or made in this call, by window and signature

-- Most that a block takes, in nano: far enough below 2^63 that one more order (at most 10^18) never overflows HINCRBY.
local BLOCK_FULL = 4e18

-- The block that orders of this signature join in this window. A signature is `SYMBOL SIDE BROKER LOT TYPE [LIMIT]`.
-- The id holds the second of its birth besides a counter, so that a Redis that lost its last writes never gives the
-- same id again.
local function group_block(window, lane, signature)
	local key = window .. ' ' .. signature
	if groups[key] then return groups[key] end
	local at = P .. 'window:' .. window
	local block = call('HGET', at .. ':groups', signature)
	if not block then
		block = string.format('%x-%x', time[1], call('HINCRBY', P .. 'deployment', 'blocks', 1))
		local symbol, side, broker, lot, kind, limit = signature:match('^(%S+) (%S+) (%S+) (%S+) (%S+) ?(%S*)$')
		call('HSET', at .. ':groups', signature, block)
		call('ZADD', at .. ':blocks', side == 'sell' and 0 or 1, block)
		call('HSET', P .. 'block:' .. block, 'window', window, 'lane', lane, 'symbol', symbol, 'side', side,
			'broker_type', broker, 'lot', lot, 'order_type', kind, 'limit_price', limit)
	end
	groups[key] = block
	return block
end

-- Puts one order into its group; the order's hash is written by the caller, who gets the block's id. A group that
-- is full is closed: the next order of its signature opens another.
local function join_group(window, lane, signature, order, arrival, quantity_nano)
	local block = group_block(window, lane, signature)
	local at = P .. 'block:' .. block
	call('ZADD', at .. ':orders', arrival, order)
	if call('HINCRBY', at, 'quantity_nano', quantity_nano) > BLOCK_FULL then
		call('HDEL', P .. 'window:' .. window .. ':groups', signature)
		groups[window .. ' ' .. signature] = nil
	end
	return block
end
