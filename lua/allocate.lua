#!lua flags=allow-oom
-- Gives one chunk of a block's orders their shares and posts them as transactions. The cursor makes it exactly once: a
-- chunk that does not begin where the last one ended writes nothing. Where nothing of the block has left, its orders no
-- longer count for their day's money.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     block  fence  lease_ms  cursor (orders that have their share already)  retention_ms
--            then for each order, as the statement lists them: order_id  status  quantity  gross_amount  fee
-- RETURNS  allocated CURSOR, or cursor CURSOR (where to go on instead), or stale
-- WRITES   order:* transactions user:*:transactions block:ID counts blocks notional:*
-- USES: base int need count held day_key give_back end_order
local block, retention = ARGV[1], ARGV[5]
local got = held(block, ARGV[2], 'status', 'symbol', 'side', 'broker_type', 'average_price', 'allocated', 'lane',
	'submitted_at')
if not got or got[2] ~= 'closing' then return {'stale'} end
local _, _, symbol, side, broker, price, allocated, lane, submitted_at = unpack(got)
allocated = allocated or '0'
if allocated ~= ARGV[4] then return {'cursor', tonumber(allocated)} end

-- Everything is read, and looked at, before anything is written.
local known, users = {}, {}
for a = 6, #ARGV, 5 do
	local order = ARGV[a]
	local user, smallcase, orders = unpack(call('HMGET', P .. 'order:' .. order, 'user', 'smallcase', 'orders'))
	if not user then user, smallcase = unpack(call('HMGET', head_of(order), 'user', 'smallcase')) end
	known[a], users[user] = {user, smallcase, orders}, true
	if not submitted_at then note_given_back(order) end
end
for user in pairs(users) do need('zset', 'user:' .. user .. ':transactions') end
need('hash', 'counts')
need('stream', 'transactions')
need('zset', 'blocks')

local at, ended, n = int(now), {}, 0
for a = 6, #ARGV, 5 do
	local order, status, quantity, gross, fee = ARGV[a], ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4]
	local key = P .. 'order:' .. order
	local user, smallcase, orders = unpack(known[a])
	call('HSET', key, 'status', status, 'filled_quantity', quantity, 'gross_amount', gross, 'fee', fee, 'updated_at', at)
	if quantity ~= '0' then
		local id = call('XADD', P .. 'transactions', '*', 'order_id', order, 'block_id', block, 'user_id', user,
			'smallcase_id', smallcase, 'symbol', symbol, 'side', side, 'broker_type', broker, 'quantity', quantity,
			'price', price, 'gross_amount', gross, 'fee', fee, 'executed_at', at)
		call('ZADD', P .. 'user:' .. user .. ':transactions', int(now_us + n), id)
	end
	end_order(order, lane == 'bulk' or (not orders and order:sub(-2) == '-0'), retention)
	ended[status] = (ended[status] or 0) + 1
	n = n + 1
end
give_back()
for status, number in pairs(ended) do
	count(number, 'working', status)
end
call('HINCRBY', P .. 'block:' .. block, 'allocated', n)
call('HSET', P .. 'block:' .. block, 'attempts', 0)
call('ZADD', P .. 'blocks', now + ARGV[3], block)
return {'allocated', allocated + n}
