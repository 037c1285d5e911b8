#!lua flags=no-writes
-- What the open windows hold: each group with its orders and quantity, as the blocks to be.
--     redis-cli --eval lua/preview.lua 'muster:{0}'
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     window ('' or none: all that are open, at most 100)  from (0: the first group)  count (of groups of a window, 250)
-- RETURNS  for each window {ID, LANE, DUE_AT, STATUS, ORDERS, GROUPS,
--            {symbol, side, broker_type, order_type, limit_price, orders, quantity} for each group}
local P = KEYS[1] .. ':'
local call = redis.call

-- Decimal text of an integer of 10^-9.
local function decimal(nano)
	local digits = ('0'):rep(10 - #nano) .. nano
	local whole, fraction = digits:sub(1, -10), digits:sub(-9):gsub('0+$', '')
	return fraction == '' and whole or whole .. '.' .. fraction
end

-- A group's sum: its window has it, or the block itself where it was full or is sealed already.
local function quantity(window, group)
	if group[7] then return decimal(group[7]) end
	local signature = {group[1], group[2], group[3], group[6], group[4], group[5] ~= '' and group[5] or nil}
	return call('HGET', window .. ':groups', table.concat(signature, ' ')):match('^%S+ (%S+)$')
end

local from, most, result = tonumber(ARGV[2] or 0), tonumber(ARGV[3] or 250), {}
local windows = (ARGV[1] or '') ~= '' and {ARGV[1]} or call('ZRANGE', P .. 'windows', 0, 99)
for _, id in ipairs(windows) do
	local key = P .. 'window:' .. id
	local lane, due, status, orders = unpack(call('HMGET', key, 'lane', 'due_at', 'status', 'orders'))
	if status then
		local window = {id, lane, due or '', status, orders or '0', call('ZCARD', key .. ':blocks')}
		for _, block in ipairs(call('ZRANGE', key .. ':blocks', from, from + most - 1)) do
			local group = call('HMGET', P .. 'block:' .. block, 'symbol', 'side', 'broker_type', 'order_type', 'limit_price',
				'lot', 'quantity_nano')
			group[6], group[7] = call('ZCARD', P .. 'block:' .. block .. ':orders'), quantity(key, group)
			window[#window + 1] = group
		end
		result[#result + 1] = window
	end
end
return result
