-- Most that a block takes, in nano: far enough below 2^63 that one more order (at most 10^18) never overflows HINCRBY.
local BLOCK_FULL = 4e18

local EXACT = 2 ^ 53 -- below it Lua's numbers are exact

local groups = {} -- found or made in this call, by window and signature

-- Makes the block that orders of this signature join in this window. A signature is `SYMBOL SIDE BROKER LOT TYPE [LIMIT]`.
-- The id holds the second of its birth besides a counter, so that a Redis that lost its last writes never gives the
-- same id again.
local function new_block(at_window, window, lane, signature)
	local block = string.format('%x-%x', time[1], call('HINCRBY', P .. 'deployment', 'blocks', 1))
	local symbol, side, broker, lot, kind, limit = signature:match('^(%S+) (%S+) (%S+) (%S+) (%S+) ?(%S*)$')
	call('HSET', at_window .. ':groups', signature, block)
	call('ZADD', at_window .. ':blocks', side == 'sell' and 0 or 1, block)
	call('HSET', P .. 'block:' .. block, 'window', window, 'lane', lane, 'symbol', symbol, 'side', side,
		'broker_type', broker, 'lot', lot, 'order_type', kind, 'limit_price', limit)
	return block
end

-- Writes orders of a group and their sum. A group that is full is closed: the next order of its signature opens another.
local function write_group(mine, signature, group, nano, ...)
	call('ZADD', group.key .. ':orders', ...)
	if call('HINCRBY', group.key, 'quantity_nano', nano) > BLOCK_FULL then
		call('HDEL', mine.at .. ':groups', signature)
		mine[signature] = nil
	end
end

-- Writes what was put aside for a group.
local function flush_group(mine, signature, group)
	if group.orders then write_group(mine, signature, group, int(group.sum), unpack(group.orders)) end
	group.orders, group.sum = nil, 0
end

-- Puts one order into its group; the order's hash is written by the caller, who gets the block's id. The second and
-- later ones of a call are put aside, so that a rush into one symbol costs two commands a call; flush_groups writes them.
local function join_group(window, lane, signature, order, arrival, quantity_nano)
	local mine = groups[window]
	if not mine then
		mine = {at = P .. 'window:' .. window}
		groups[window] = mine
	end
	local group = mine[signature]
	if not group then
		local block = call('HGET', mine.at .. ':groups', signature) or new_block(mine.at, window, lane, signature)
		group = {block = block, key = P .. 'block:' .. block, sum = 0}
		mine[signature] = group
		write_group(mine, signature, group, quantity_nano, arrival, order)
	elseif group.sum + quantity_nano >= EXACT then
		flush_group(mine, signature, group)
		write_group(mine, signature, group, quantity_nano, arrival, order)
	else
		local orders = group.orders or {}
		local n = #orders
		orders[n + 1], orders[n + 2] = arrival, order
		group.orders, group.sum = orders, group.sum + quantity_nano
	end
	return group.block
end

local function flush_groups()
	for _, mine in pairs(groups) do
		for signature, group in pairs(mine) do
			if signature ~= 'at' then flush_group(mine, signature, group) end
		end
	end
end
