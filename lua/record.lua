#!lua flags=allow-oom
-- Records what was learnt of a block's slices at the broker, and when the block next needs a worker.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     block  fence  lease_ms  next_ms ('': the worker keeps the block for another lease; else it is released and
--          due in that many)  polls (how often it was followed, for the back-off)
--            then for each slice: client_order_id  fields  field value …
-- RETURNS  recorded STATUS (of the block), or stale. A slice's status never goes back and a final one stays: any other
--          change of it is left out.
-- WRITES   block:* slice:* blocks blocks:*
-- USES: base need move held rank
local block, fence, lease, next_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local got = held(block, fence, 'status', 'worker')
if not got or (got[2] ~= 'submitting' and got[2] ~= 'working') then return {'stale'} end

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

-- The block works once every slice is known to be at the broker.
local key, status = P .. 'block:' .. block, 'working'
for _, slice in ipairs(call('ZRANGE', key .. ':slices', 0, -1)) do
	if RANK[call('HGET', P .. 'slice:' .. slice, 'status')] < 2 then status = got[2] end
end
move(block, got[2], status)
call('HSET', key, 'polls', ARGV[5], 'attempts', 0, 'updated_at', now, 'worker', next_ms == '' and got[3] or '')
call('ZADD', P .. 'blocks', now + (next_ms == '' and lease or next_ms), block)
return {'recorded', status}
