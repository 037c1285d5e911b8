#!lua
-- Makes open windows due now: one, or the first hundred. Their names keep the time they were meant for; orders that
-- arrive from here on open a successor.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     window ('': all that are open)
-- RETURNS  the ids of the windows that are due now
-- WRITES   window:* windows windows:open; publishes wake
-- USES: base need
need('hash', 'windows:open')
need('zset', 'windows')
local result = {}
local windows = ARGV[1] ~= '' and {ARGV[1]} or call('ZRANGE', P .. 'windows', 0, 99)
for _, window in ipairs(windows) do need('hash', 'window:' .. window) end
for _, window in ipairs(windows) do
	local at = P .. 'window:' .. window
	local status, lane, due = unpack(call('HMGET', at, 'status', 'lane', 'due_at'))
	if status == 'open' then
		if call('HGET', P .. 'windows:open', lane .. ' ' .. due) == window then
			call('HDEL', P .. 'windows:open', lane .. ' ' .. due)
		end
		call('HSET', at, 'forced_at', now)
		call('ZADD', P .. 'windows', 'LT', now, window)
		result[#result + 1] = window
	end
end
if #result > 0 then call('PUBLISH', P .. 'wake', result[1]) end
return result
