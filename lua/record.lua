#!lua flags=allow-oom
-- Records what was learnt of a block's slices at the broker, and when the block next needs a worker.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     block  fence  lease_ms  next_ms ('': the worker keeps the block for another lease; else it is released and
--          due in that many)  polls (how often it was followed, for the back-off), and behind it, where the block can send
--          what is left of it once more, how many ms a turn lasts at most while the other side waits
--            then for each slice: client_order_id  fields  field value …
-- RETURNS  recorded STATUS (of the block), recorded STATUS yield (it is to give way to the other side), or stale. A slice's
--          status never goes back and a final one stays: any other change of it is left out.
-- WRITES   block:* slice:* blocks blocks:* sides:*; publishes wake
-- USES: base need need_sides move held rank sides wake_block queue pass_turn leave_side is_turn_over
local block, fence, lease, next_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local polls, turn_ms = ARGV[5]:match('^(%d+) ?(%d*)$')
local got = held(block, fence, 'status', 'worker', 'lane', 'broker_type', 'symbol', 'side')
if not got or (got[2] ~= 'submitting' and got[2] ~= 'working') then return {'stale'} end

need_sides(got[5], got[6])
need('zset', 'blocks', 'blocks:' .. got[2], 'blocks:working', 'block:' .. block .. ':slices')
local a = 6
while ARGV[a] do
	need('hash', 'slice:' .. ARGV[a])
	a = a + 2 + 2 * ARGV[a + 1]
end
a = 6
while ARGV[a] do
	local key = P .. 'slice:' .. ARGV[a]
	local before = call('HGET', key, 'status')
	local fields = {'updated_at', now}
	for f = a + 2, a + 2 * ARGV[a + 1], 2 do
		if ARGV[f] ~= 'status' or (RANK[before] < 4 and RANK[ARGV[f + 1]] >= RANK[before]) then
			fields[#fields + 1], fields[#fields + 2] = ARGV[f], ARGV[f + 1]
		end
	end
	call('HSET', key, unpack(fields))
	a = a + 2 + 2 * ARGV[a + 1]
end

-- The block works once every slice is known to be at the broker; a large one while later slices are not even due.
local key, status, sides = P .. 'block:' .. block, 'working', side_keys(got[5], got[6], got[7])
local is_at_broker, is_unknown, is_planned = false, false, false
for _, slice in ipairs(call('ZRANGE', key .. ':slices', 0, -1)) do
	local rank = RANK[call('HGET', P .. 'slice:' .. slice, 'status')]
	if rank == 1 or (rank == 0 and got[4] ~= 'large') then status = got[2] end
	is_at_broker = is_at_broker or (rank > 0 and rank < 4)
	is_unknown = is_unknown or rank == 1
	is_planned = is_planned or rank == 0
end
if got[4] == 'large' and is_planned and not is_at_broker then -- the other side has its turn before the next slice
	leave_side(sides, block)
end
move(block, got[2], status)
local yields = turn_ms ~= '' and is_at_broker and not is_unknown and not is_planned and is_turn_over(sides, turn_ms)
if yields then
	call('HSET', key, 'yields', 'yes')
	next_ms = next_ms ~= '' and 0 or ''
end
call('HSET', key, 'polls', polls, 'attempts', 0, 'updated_at', now, 'worker', next_ms == '' and got[3] or '')
call('ZADD', P .. 'blocks', now + (next_ms == '' and lease or next_ms), block)
return {'recorded', status, yields and 'yield' or nil}
