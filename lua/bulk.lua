#!lua
-- Stores one chunk of a bulk call in its private window; the last chunk makes that window due. Chunks that are there
-- already are skipped, so that the same call sent again completes what a crash cut short.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     queue_id  digest  total (orders)  requests  from (index of the chunk's first order)  abandon_ms  retention_ms
--            user_id ('': the orders are of several users)  hours (of the markets; see lib/hours)
--            then for each order of the chunk
--              user_id  smallcase_id  signature  quantity  reason ('': accepted; else why it is rejected)
--            and caps, where there are any (see lib/admit)
-- RETURNS  stored WINDOW STATUS RECEIVED, or conflict (another body), or gap (an earlier chunk is missing)
-- WRITES   window:* windows block:* order:* user:*:orders counts deployment notional:*; publishes wake
-- USES: base int need need_orders day_key count_notional admit hours quantity quantity_sum group bulk_order
local queue_id, digest, total, from = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[5])
local window = 'bulk-' .. queue_id
local at_window = P .. 'window:' .. window
local known, status, received = unpack(call('HMGET', at_window, 'digest', 'status', 'received'))
if known and known ~= digest then return {'conflict'} end
received = tonumber(received or 0)
if known and (status ~= 'filling' or received > from) then return {'stored', window, status, received} end
if received < from then return {'gap'} end
local groups, keys, users = groups_new(), {}, {}
for a = 10, #ARGV, 5 do
	local index = from + (a - 10) / 5
	if ARGV[a + 4] == '' then want_group(groups, ARGV[a + 2]) end
	keys[#keys + 1] = P .. 'order:' .. queue_id .. '-' .. index
	users[ARGV[a]] = true
end
need_orders(keys, users)
need('zset', 'windows', 'window:' .. window .. ':blocks')
place_groups(groups, window, 'bulk')
read_groups(groups)
if not known then
	call('HSET', at_window, 'lane', 'bulk', 'status', 'filling', 'created_at', now, 'queue_id', queue_id,
		'digest', digest, 'total', total, 'requests', ARGV[4], 'rejected', 0, 'orders', 0)
	if ARGV[8] ~= '' then call('HSET', at_window, 'user', ARGV[8]) end
end
read_hours(ARGV[9])
local taken, rejected = store_chunk(groups, queue_id, window, from, 10, ARGV[7])
write_groups(groups)
write_admitted()
received = from + taken + rejected
call('HSET', at_window, 'received', received)
call('HINCRBY', at_window, 'orders', taken)
call('HINCRBY', at_window, 'rejected', rejected)
if taken > 0 then call('HINCRBY', P .. 'counts', 'queued', taken) end
if rejected > 0 then call('HINCRBY', P .. 'counts', 'rejected', rejected) end
if received < total then
	call('ZADD', P .. 'windows', now + ARGV[6], window)
	return {'stored', window, 'filling', received}
end
call('HSET', at_window, 'status', 'open', 'due_at', now)
call('ZADD', P .. 'windows', now, window)
call('PUBLISH', P .. 'wake', window)
return {'stored', window, 'open', received}
