-- Most that a block takes, in whole units: 4 * 10^18 nano, far enough below 2^63 that one more order (at most 10^18)
-- never overflows.
local BLOCK_FULL = 4e9

-- A group: its block to be, its sum, and `{ARRIVAL ORDER …}` of those that join it now. All fields are there from the start:
-- a table that grows is laid out anew each time.
local function group_new()
	return {block = false, whole = 0, nano = 0, joined = false}
end

-- The groups of one window that the orders of this call join: `wanted` first, then one read, then joins, then one write.
local function groups_new()
	return {wanted = {}, found = {}}
end

-- Says that an order of this signature is going to join. A signature is `SYMBOL SIDE BROKER LOT TYPE [LIMIT]`.
local function want_group(groups, signature)
	if groups.found[signature] then return end
	groups.found[signature] = group_new()
	groups.wanted[#groups.wanted + 1] = signature
end

-- Says in which window the groups are.
local function place_groups(groups, window, lane)
	groups.at, groups.window, groups.lane = P .. 'window:' .. window, window, lane
end

-- Finds all that are wanted there, where each is kept as `BLOCK QUANTITY`: the id of its block to be, and the sum.
local function read_groups(groups)
	if #groups.wanted == 0 then return end
	local kept = redis.pcall('HMGET', groups.at .. ':groups', unpack(groups.wanted))
	if kept.err then need('hash', 'window:' .. groups.window .. ':groups') end
	for i, signature in ipairs(groups.wanted) do
		local group, space = groups.found[signature], kept[i] and kept[i]:find(' ', 1, true)
		if space then
			group.block = kept[i]:sub(1, space - 1)
			group.whole, group.nano = split_quantity(kept[i]:sub(space + 1))
			need('zset', 'block:' .. group.block .. ':orders')
			if group.whole > BLOCK_FULL / 2 then need('hash', 'block:' .. group.block) end
		end
	end
end

-- Makes the block of a group. The id holds the second of its birth besides a counter, so that a Redis that lost its last
-- writes never gives the same id again.
local function new_block(groups, signature)
	local block = string.format('%x-%x', time[1], call('HINCRBY', P .. 'deployment', 'blocks', 1))
	local symbol, side, broker, lot, kind, limit = signature:match('^(%S+) (%S+) (%S+) (%S+) (%S+) ?(%S*)$')
	call('ZADD', groups.at .. ':blocks', side == 'sell' and 0 or 1, block)
	call('HSET', P .. 'block:' .. block, 'window', groups.window, 'lane', groups.lane, 'symbol', symbol, 'side', side,
		'broker_type', broker, 'lot', lot, 'order_type', kind, 'limit_price', limit)
	return block
end

local function write_joined(group)
	call('ZADD', P .. 'block:' .. group.block .. ':orders', unpack(group.joined))
end

-- Closes a group that is full, its sum in the block from here on: the next order of its signature opens another.
local function close_group(groups, signature, group)
	write_joined(group)
	call('HSET', P .. 'block:' .. group.block, 'quantity_nano', nano_text(group.whole, group.nano))
	call('HDEL', groups.at .. ':groups', signature)
	groups.found[signature] = group_new()
end

-- Puts one order into its group; the order's hash is written by the caller, who gets the block's id. All that join a group
-- in one call are written together, so that a rush into one symbol costs one command a call.
local function join_group(groups, signature, order, arrival, quantity)
	local group = groups.found[signature]
	local block, joined = group.block, group.joined
	if not block then
		block = new_block(groups, signature)
		group.block = block
	end
	group.whole, group.nano = add_quantity(group.whole, group.nano, quantity, 1)
	if joined then
		local n = #joined
		joined[n + 1], joined[n + 2] = arrival, order
	else
		group.joined = {arrival, order}
	end
	if group.whole > BLOCK_FULL then close_group(groups, signature, group) end
	return block
end

-- Writes who joined, and the sums of their groups.
local function write_groups(groups)
	local kept = {}
	for _, signature in ipairs(groups.wanted) do
		local group = groups.found[signature]
		if group.joined then
			write_joined(group)
			kept[#kept + 1] = signature
			kept[#kept + 1] = group.block .. ' ' .. quantity_text(group.whole, group.nano)
		end
	end
	if #kept > 0 then call('HSET', groups.at .. ':groups', unpack(kept)) end
end
