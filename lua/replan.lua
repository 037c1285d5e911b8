#!lua flags=allow-oom
-- Changes the plan of a block: what a slice has left unfilled, or one whose time has passed, is added to later ones. All of
-- it at once, so that the slices always add up to the block. A block that has given way to the other side queues up anew.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     block  fence  lease_ms  then for each slice that changes: client_order_id ("": a new one)  quantity  due_at
--            carried ("", or what it leaves to others: then it is at its end, or ends here, and stays as it was otherwise)
-- RETURNS  replanned, or stale: another worker has the block, or a slice has moved on meanwhile
-- WRITES   block:ID block:ID:slices slice:* blocks sides:*; publishes wake
-- USES: base need need_sides held rank sides wake_block queue pass_turn leave_side
local block = ARGV[1]
local key = P .. 'block:' .. block
local got = held(block, ARGV[2], 'status', 'broker_type', 'symbol', 'side', 'yields')
if not got or not ({ready = 1, waiting = 1, submitting = 1, working = 1})[got[2]] then return {'stale'} end
need('zset', 'blocks', 'block:' .. block .. ':slices')
need_sides(got[3], got[4])
local number = call('ZCARD', key .. ':slices')
local name = 'muster-' .. call('HGET', P .. 'deployment', 'id') .. '-' .. block .. '-'
local new = {}
for a = 4, #ARGV, 4 do
	if ARGV[a] == '' then
		new[a] = number + 1
		number = new[a]
		need('hash', 'slice:' .. name .. number)
	else
		need('hash', 'slice:' .. ARGV[a])
		local status, carried = unpack(call('HMGET', P .. 'slice:' .. ARGV[a], 'status', 'carried'))
		local may_change = RANK[status] == 0 or (ARGV[a + 3] ~= '' and RANK[status] == 4)
		if carried or not may_change then return {'stale'} end
	end
end

for a = 4, #ARGV, 4 do
	local slice, quantity, due_at, carried = ARGV[a], ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
	if new[a] then
		call('ZADD', key .. ':slices', new[a], name .. new[a])
		call('HSET', P .. 'slice:' .. name .. new[a], 'block', block, 'number', new[a], 'quantity', quantity, 'status',
			'created', 'due_at', due_at, 'filled_quantity', 0, 'created_at', now)
	elseif carried == '' then
		call('HSET', P .. 'slice:' .. slice, 'quantity', quantity, 'due_at', due_at, 'updated_at', now)
	else
		if call('HGET', P .. 'slice:' .. slice, 'status') == 'created' then
			call('HSET', P .. 'slice:' .. slice, 'status', 'canceled', 'reason', 'its time passed before it could leave')
		end
		call('HSET', P .. 'slice:' .. slice, 'carried', carried, 'updated_at', now)
	end
end
if got[6] then
	local sides = side_keys(got[3], got[4], got[5])
	call('HDEL', key, 'yields')
	leave_side(sides, block)
	call('ZADD', sides.my_queue, now, block)
end
call('HSET', key, 'updated_at', now)
call('ZADD', P .. 'blocks', now + ARGV[3], block)
return {'replanned'}
