#!lua flags=no-writes
-- A page of a block's statement: its orders by arrival, each with its share once it has one.
--     redis-cli --eval lua/statement.lua 'muster:{0}' , BLOCK_ID
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     block_id  from (0)  count (250)  what (rows; quantities: only the first two of each)
-- RETURNS  for each order {order_id, quantity, user_id, smallcase_id, status, filled_quantity, gross_amount, fee}; what is
--          not known yet is false
local P = KEYS[1] .. ':'
local from, result = tonumber(ARGV[2] or 0), {}
for i, id in ipairs(redis.call('ZRANGE', P .. 'block:' .. ARGV[1] .. ':orders', from, from + tonumber(ARGV[3] or 250) - 1)) do
	local row = ARGV[4] == 'quantities' and {redis.call('HGET', P .. 'order:' .. id, 'quantity')}
		or redis.call('HMGET', P .. 'order:' .. id, 'quantity', 'user', 'smallcase', 'status', 'filled_quantity',
		'gross_amount', 'fee')
	if not row[2] and #row > 1 then
		row[2], row[3] = unpack(redis.call('HMGET', P .. 'order:' .. id:match('^(.*-)') .. '0', 'user', 'smallcase'))
	end
	table.insert(row, 1, id)
	result[i] = row
end
return result
