#!lua flags=no-writes
-- The state of everything at a glance: windows, counts, workers.
--     redis-cli --eval lua/status.lua 'muster:{0}'
--
-- KEYS[1]  PREFIX:{SHARD}
-- RETURNS  now MS  oldest_overdue_ms MS  windows {{id, groups, field, value, …}, …}  (at most 100 open, 100 working, 20 done)
--          orders {status, n, …}  blocks {status, n, …}  workers {{field, value, …}, …}  halts {scope, JSON, …}
--          in_all {open, n, overdue, n, working, n}: windows, also those that are not listed
local P = KEYS[1] .. ':'
local call = redis.call
local time = call('TIME')
local now = math.floor(time[1] * 1000 + time[2] / 1000)

local windows, blocks, workers = {}, {}, {}
local function list(ids)
	for _, id in ipairs(ids) do
		local fields = call('HGETALL', P .. 'window:' .. id)
		table.insert(fields, 1, call('ZCARD', P .. 'window:' .. id .. ':blocks'))
		table.insert(fields, 1, id)
		if #fields > 2 then windows[#windows + 1] = fields end
	end
end
list(call('ZRANGE', P .. 'windows', 0, 99))
list(call('ZRANGE', P .. 'windows:working', 0, 99))
list(call('ZREVRANGE', P .. 'windows:done', 0, 19))

for _, status in ipairs({'ready', 'waiting', 'submitting', 'working', 'closing', 'allocated', 'canceled', 'needs_review'}) do
	blocks[#blocks + 1] = status
	blocks[#blocks + 1] = call('ZCARD', P .. 'blocks:' .. status)
end
for i, worker in ipairs(call('ZREVRANGE', P .. 'workers', 0, 99)) do
	workers[i] = call('HGETALL', P .. 'worker:' .. worker)
	table.insert(workers[i], 1, worker)
	table.insert(workers[i], 1, 'id')
end
local first = call('ZRANGE', P .. 'windows', 0, 0, 'WITHSCORES')
local overdue = first[2] and math.max(0, now - first[2]) or 0
local in_all = {'open', call('ZCARD', P .. 'windows'), 'overdue', call('ZCOUNT', P .. 'windows', '-inf', now),
	'working', call('ZCARD', P .. 'windows:working')}
return {'now', now, 'oldest_overdue_ms', overdue, 'windows', windows, 'orders', call('HGETALL', P .. 'counts'), 'blocks', blocks,
	'workers', workers, 'halts', call('HGETALL', P .. 'halts'), 'in_all', in_all}
