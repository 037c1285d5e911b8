#!lua flags=allow-oom
-- Claims blocks that need a worker now: each gets a lease and a higher fence. A block whose worker let the lease run
-- out too often is set aside for a person. Also notes that the worker is alive.
--
-- What kills its worker takes along what was claimed with it. So a block that has lost two workers is a suspect, and a
-- worker has one suspect in hand at a time: the others of that hand come apart from the guilty one before they are
-- blamed as often as it is.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     worker (HOST:PID)  lease_ms  most  host  pid  blocks_in_hand  started_at  attempts_max
-- RETURNS  NEXT_IN_MS (until the next block that nobody has needs a worker; -1: none)  DEPLOYMENT, then for each block
--            {ID, its hash as field, value, …, {{CLIENT_ORDER_ID, its hash} for each slice}} and 'lost' where a lease ran
--            out, or {ID, WHY} for one that is not claimed because a key of it is not what it must be
-- WRITES   blocks block:* blocks:* sides:* counts workers worker:*; publishes wake
-- USES: base need need_sides whole stage count move sides wake_block queue pass_turn review hand_over
local worker, lease, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
need('hash', 'worker:' .. worker, 'counts', 'deployment')
need('zset', 'blocks', 'workers', 'blocks:needs_review')

call('HSET', P .. 'worker:' .. worker, 'host', ARGV[4], 'pid', ARGV[5], 'blocks_in_hand', ARGV[6], 'started_at', ARGV[7],
	'seen_at', now)
call('PEXPIRE', P .. 'worker:' .. worker, 60000)
call('ZADD', P .. 'workers', now, worker)
call('ZREMRANGEBYSCORE', P .. 'workers', '-inf', now - 60000)

local SUSPECT_FROM, SUSPECT_PAUSE, SPOILED_PAUSE = 2, 25, 30000
local suspect = call('HGET', P .. 'worker:' .. worker, 'suspect')
local has_suspect = suspect and call('HGET', P .. 'block:' .. suspect, 'worker') == worker
	and tonumber(call('ZSCORE', P .. 'blocks', suspect) or 0) > now

local result = {-1, call('HGET', P .. 'deployment', 'id')}
for _, block in ipairs(call('ZRANGEBYSCORE', P .. 'blocks', '-inf', now, 'LIMIT', 0, most)) do
	local key = P .. 'block:' .. block
	local is_whole, why = pcall(check_block, block)
	local last, status, before = unpack(is_whole and call('HMGET', key, 'worker', 'status', 'attempts') or {})
	-- A worker that is still named did not release the block: it died, or it was slower than its lease.
	local is_lost = last and last ~= ''
	local attempts = is_lost and tonumber(before or 0) + 1 or 0
	if not is_whole then
		call('ZADD', P .. 'blocks', now + SPOILED_PAUSE, block)
		result[#result + 1] = {block, why.err}
	elseif attempts >= tonumber(ARGV[8]) then
		call('HSET', key, 'attempts', attempts)
		review(block, status, 'its workers died or failed ' .. attempts .. ' times')
	elseif attempts >= SUSPECT_FROM and has_suspect then
		call('ZADD', P .. 'blocks', now + SUSPECT_PAUSE, block)
	else
		if attempts >= SUSPECT_FROM then
			has_suspect = true
			call('HSET', P .. 'worker:' .. worker, 'suspect', block)
		end
		if is_lost then call('HSET', key, 'attempts', attempts) end
		local claimed = hand_over(block, worker, lease)
		if is_lost then claimed[4] = 'lost' end
		result[#result + 1] = claimed
	end
end
local _, next_at = unpack(call('ZRANGE', P .. 'blocks', 0, 0, 'WITHSCORES'))
if next_at then result[1] = math.max(0, next_at - now) end
return result
