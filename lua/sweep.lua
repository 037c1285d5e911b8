#!lua flags=allow-oom
-- Takes what has expired out of the indexes, a little each call: of users (found by walking the keys, a step of SCAN at a
-- time, the cursor kept in Redis for whoever is next), and of transactions, blocks and windows. Indexes of users have no
-- expiry of their own because they hold what is not finished too.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     retention_ms  most (keys of a step, entries of each index)
-- RETURNS  how many entries went
-- WRITES   sweep user:*:orders user:*:transactions transactions blocks:allocated blocks:canceled windows:done
-- USES: base int need
local retention, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local gone = 0
need('string', 'sweep')
need('stream', 'transactions')
need('zset', 'blocks:allocated', 'blocks:canceled', 'windows:done')

local function sweep_orders(index)
	for _, order in ipairs(call('ZRANGE', index, 0, most - 1)) do
		if call('EXISTS', P .. 'order:' .. order) == 0 then gone = gone + call('ZREM', index, order) end
	end
end

local function sweep_scores(index, until_score)
	for _, old in ipairs(call('ZRANGEBYSCORE', index, '-inf', int(until_score), 'LIMIT', 0, most)) do
		gone = gone + call('ZREM', index, old)
	end
end

local cursor, keys = unpack(call('SCAN', call('GET', P .. 'sweep') or '0', 'MATCH', P .. 'user:*', 'COUNT', most,
	'TYPE', 'zset'))
for _, key in ipairs(keys) do
	if key:sub(-7) == ':orders' then
		sweep_orders(key)
	elseif key:sub(-13) == ':transactions' then
		sweep_scores(key, now_us - retention * 1000)
	end
end
for _, index in ipairs({'blocks:allocated', 'blocks:canceled', 'windows:done'}) do
	sweep_scores(P .. index, now - retention)
end
call('SET', P .. 'sweep', cursor)
return gone + call('XTRIM', P .. 'transactions', 'MINID', '~', int(math.max(0, now - retention)), 'LIMIT', most)
