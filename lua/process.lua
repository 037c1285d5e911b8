#!lua
-- Makes open windows due now, or as soon as their market is open: one, or the first hundred. Their names keep the time they
-- were meant for; orders that arrive from here on open a successor.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     window ('': all that are open)
-- RETURNS  the ids of the windows that are due now, or as soon as can be
-- WRITES   window:* windows windows:open; publishes wake
-- USES: base need int open_name
need('hash', 'windows:open')
need('zset', 'windows')
local result = {}
local windows = ARGV[1] ~= '' and {ARGV[1]} or call('ZRANGE', P .. 'windows', 0, 99)
for _, window in ipairs(windows) do need('hash', 'window:' .. window) end
for _, window in ipairs(windows) do
	local at = P .. 'window:' .. window
	local status, lane, due, calendar, earliest_at = unpack(call('HMGET', at, 'status', 'lane', 'due_at', 'calendar',
		'earliest_at'))
	if status == 'open' then
		local name = open_name(lane, due, calendar)
		if call('HGET', P .. 'windows:open', name) == window then call('HDEL', P .. 'windows:open', name) end
		call('HSET', at, 'forced_at', now)
		call('ZADD', P .. 'windows', 'LT', int(math.max(now, tonumber(earliest_at or 0))), window)
		result[#result + 1] = window
	end
end
if #result > 0 then call('PUBLISH', P .. 'wake', result[1]) end
return result
