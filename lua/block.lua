#!lua flags=no-writes
-- Blocks, each with its window's time, its slices and its fills (the first thousand).
--     redis-cli --eval lua/block.lua 'muster:{0}' , BLOCK_ID
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     block_id …
-- RETURNS  for each block {its hash as field, value, … with block_id, execution_window and quantity,
--          {client_order_id, its hash} for each slice, {id, text, …}}; an empty list where there is no sealed block
local P = KEYS[1] .. ':'
local call = redis.call

-- Decimal text of an integer of 10^-9.
local function decimal(nano)
	local digits = ('0'):rep(10 - #nano) .. nano
	local whole, fraction = digits:sub(1, -10), digits:sub(-9):gsub('0+$', '')
	return fraction == '' and whole or whole .. '.' .. fraction
end

local result = {}
for i, id in ipairs(ARGV) do
	local key = P .. 'block:' .. id
	local window, nano, status = unpack(call('HMGET', key, 'window', 'quantity_nano', 'status'))
	if not status then
		result[i] = {}
	else
		local fields, slices = call('HGETALL', key), {}
		for _, more in ipairs({'block_id', id, 'quantity', decimal(nano), 'execution_window',
			call('HGET', P .. 'window:' .. window, 'due_at') or ''}) do
			fields[#fields + 1] = more
		end
		for s, slice in ipairs(call('ZRANGE', key .. ':slices', 0, 999)) do
			slices[s] = {slice, call('HGETALL', P .. 'slice:' .. slice)}
		end
		local fills = {}
		if call('HLEN', key .. ':fills') <= 1000 then fills = call('HGETALL', key .. ':fills') end
		result[i] = {fields, slices, fills}
	end
end
return result
