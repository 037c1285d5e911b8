#!lua flags=allow-oom
-- Takes what has expired out of the indexes, a little each time: users, transactions, blocks, windows. Users are swept
-- once in a retention, counted from the first order that ended since the last time.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     retention_ms  most (users, and entries of each index, in one call)
-- RETURNS  how many entries went; more than 0: it is worth calling again soon
-- WRITES   users user:*:orders user:*:transactions transactions blocks:allocated blocks:canceled windows:done
-- USES: base int
local retention, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local gone = 0

local function sweep_user(user)
	local index, left = P .. 'user:' .. user .. ':orders', 0
	for _, order in ipairs(call('ZRANGE', index, 0, most - 1)) do
		if call('EXISTS', P .. 'order:' .. order) == 1 then
			left = left + 1
		else
			gone = gone + call('ZREM', index, order)
		end
	end
	gone = gone + call('ZREMRANGEBYSCORE', P .. 'user:' .. user .. ':transactions', '-inf', int(now_us - retention * 1000))
	-- What stands after the first ones may have expired too: then there is another sweep soon.
	local more = call('ZCARD', index)
	if more == 0 and call('EXISTS', P .. 'user:' .. user .. ':transactions') == 0 then
		call('ZREM', P .. 'users', user)
	else
		call('ZADD', P .. 'users', more > left and left < most and now or now + retention, user)
	end
end

for _, user in ipairs(call('ZRANGEBYSCORE', P .. 'users', '-inf', now - 1, 'LIMIT', 0, math.ceil(most / 10))) do
	sweep_user(user)
end
for _, index in ipairs({'blocks:allocated', 'blocks:canceled', 'windows:done'}) do
	for _, old in ipairs(call('ZRANGEBYSCORE', P .. index, '-inf', now - retention, 'LIMIT', 0, most)) do
		gone = gone + call('ZREM', P .. index, old)
	end
end
return gone + call('XTRIM', P .. 'transactions', 'MINID', '~', int(math.max(0, now - retention)), 'LIMIT', most)
