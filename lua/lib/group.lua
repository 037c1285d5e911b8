-- Most that a block takes, in whole units: 4 * 10^18 nano, far enough below 2^63 that one more order (at most 10^18)
-- never overflows.
local BLOCK_FULL = 4e9

-- The groups of one window that the orders of this call join: those that are wanted first, then one read, then joins, then
-- one write.
local function groups_new()
	return {list = {}, signatures = {}, found = {}}
end

-- The group that an order of this signature is going to join. A signature is `SYMBOL SIDE BROKER LOT TYPE [LIMIT]`.
local function want_group(groups, signature)
	local group = groups.found[signature]
	if group then return group end
	-- its block to be, that block's key of orders, the sum, and `{ARRIVAL ORDER …}` of those that join it now: all fields
	-- are there from the start, for a table that grows is laid out anew
	group = {of = groups, signature = signature, block = false, orders = false, whole = 0, nano = 0, joined = false}
	local n = #groups.list + 1
	groups.found[signature], groups.list[n], groups.signatures[n] = group, group, signature
	return group
end

-- Says in which window the groups are.
local function place_groups(groups, window, lane)
	groups.at, groups.window, groups.lane = P .. 'window:' .. window, window, lane
end

-- Finds all that are wanted there, where each is kept as `BLOCK QUANTITY`: the id of its block to be, and the sum.
local function read_groups(groups)
	if #groups.list == 0 then return end
	local kept = redis.pcall('HMGET', groups.at .. ':groups', unpack(groups.signatures))
	if kept.err then need('hash', 'window:' .. groups.window .. ':groups') end
	for i, group in ipairs(groups.list) do
		if kept[i] then
			local block, sum = kept[i]:match('^(%S+) (%S+)$')
			group.block, group.orders = block, P .. 'block:' .. block .. ':orders'
			group.whole, group.nano = split_quantity(sum)
			if type(redis.pcall('ZCARD', group.orders)) == 'table' then need('zset', group.orders:sub(#P + 1)) end
			if group.whole > BLOCK_FULL / 2 then need('hash', 'block:' .. block) end
		end
	end
end

-- Makes the block of a group. The id holds the second of its birth besides a counter, so that a Redis that lost its last
-- writes never gives the same id again.
local function new_block(group)
	local groups, block = group.of, string.format('%x-%x', time[1], call('HINCRBY', P .. 'deployment', 'blocks', 1))
	local symbol, side, broker, lot, kind, limit = group.signature:match('^(%S+) (%S+) (%S+) (%S+) (%S+) ?(%S*)$')
	call('ZADD', groups.at .. ':blocks', side == 'sell' and 0 or 1, block)
	call('HSET', P .. 'block:' .. block, 'window', groups.window, 'lane', groups.lane, 'symbol', symbol, 'side', side,
		'broker_type', broker, 'lot', lot, 'order_type', kind, 'limit_price', limit)
	group.block, group.orders = block, P .. 'block:' .. block .. ':orders'
	return block
end

-- Closes a group that is full, its sum in the block from here on: the next order of its signature opens another.
local function close_group(group)
	call('ZADD', group.orders, unpack(group.joined))
	call('HSET', P .. 'block:' .. group.block, 'quantity_nano', nano_text(group.whole, group.nano))
	call('HDEL', group.of.at .. ':groups', group.signature)
	group.block, group.orders, group.whole, group.nano, group.joined = false, false, 0, 0, false
end

-- Puts one order into its group; the order's hash is written by the caller, who gets the block's id. All that join a group
-- in one call are written together, so that a rush into one symbol costs one command a call.
local function join_group(group, order, arrival, quantity)
	local block, joined = group.block or new_block(group), group.joined
	group.whole, group.nano = add_quantity(group.whole, group.nano, quantity, 1)
	if joined then
		local n = #joined
		joined[n + 1], joined[n + 2] = arrival, order
	else
		group.joined = {arrival, order}
	end
	if group.whole > BLOCK_FULL then close_group(group) end
	return block
end

-- Writes who joined, and the sums of their groups.
local function write_groups(groups)
	local kept = {}
	for _, group in ipairs(groups.list) do
		if group.joined then
			call('ZADD', group.orders, unpack(group.joined))
			kept[#kept + 1] = group.signature
			kept[#kept + 1] = group.block .. ' ' .. quantity_text(group.whole, group.nano)
		end
	end
	if kept[1] then call('HSET', groups.at .. ':groups', unpack(kept)) end
end
