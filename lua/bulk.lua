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
-- USES: base int need need_orders day_key count_notional admit hours quantity quantity_sum group
local queue_id, digest, total, from = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[5])
local window = 'bulk-' .. queue_id
local at_window = P .. 'window:' .. window
local known, status, received = unpack(call('HMGET', at_window, 'digest', 'status', 'received'))
if known and known ~= digest then return {'conflict'} end
received = tonumber(received or 0)
if known and (status ~= 'filling' or received > from) then return {'stored', window, status, received} end
if received < from then return {'gap'} end
local groups = groups_new()
for a = 10, #ARGV, 5 do
	local index = from + (a - 10) / 5
	if ARGV[a + 4] == '' then want_group(groups, ARGV[a + 2]) end
	want_names(queue_id, index, index, ARGV[a])
end
need_names()
need('hash', 'window:' .. window .. ':groups')
need('zset', 'window:' .. window .. ':blocks')
place_groups(groups, window, 'bulk')
read_groups(groups)
if not known then
	call('HSET', at_window, 'lane', 'bulk', 'status', 'filling', 'created_at', now, 'queue_id', queue_id,
		'digest', digest, 'total', total, 'requests', ARGV[4], 'rejected', 0, 'orders', 0)
	if ARGV[8] ~= '' then call('HSET', at_window, 'user', ARGV[8]) end
end
read_hours(ARGV[9])
local index, accepted = from, 0
for a = 10, #ARGV, 5 do
	local user, smallcase, signature, quantity, reason = unpack(ARGV, a, a + 4)
	local order, at = queue_id .. '-' .. index, int(now_us + index - from)
	local key = P .. 'order:' .. order
	if reason == '' then reason = market_refusal(signature) or '' end
	local refusal = reason == '' and admit(user, index - from + 1, 1)
	if refusal then reason = 'over_cap: ' .. refusal[3] end
	if reason == '' then
		local block = join_group(groups, signature, order, at, quantity)
		call('HSET', key, 'user', user, 'smallcase', smallcase, 'quantity', quantity, 'block', block)
		note_worth(order, index - from + 1)
		accepted = accepted + 1
	else
		call('HSET', key, 'user', user, 'smallcase', smallcase, 'quantity', quantity, 'window', window,
			'group', signature, 'status', 'rejected', 'reason', reason, 'created_at', now, 'updated_at', now)
		call('PEXPIRE', key, ARGV[7])
	end
	call('ZADD', P .. 'user:' .. user .. ':orders', at, order)
	index = index + 1
end
write_groups(groups)
write_admitted()
local rejected = index - from - accepted
call('HSET', at_window, 'received', index)
call('HINCRBY', at_window, 'orders', accepted)
call('HINCRBY', at_window, 'rejected', rejected)
if accepted > 0 then call('HINCRBY', P .. 'counts', 'queued', accepted) end
if rejected > 0 then call('HINCRBY', P .. 'counts', 'rejected', rejected) end
if index < total then
	call('ZADD', P .. 'windows', now + ARGV[6], window)
	return {'stored', window, 'filling', index}
end
call('HSET', at_window, 'status', 'open', 'due_at', now)
call('ZADD', P .. 'windows', now, window)
call('PUBLISH', P .. 'wake', window)
return {'stored', window, 'open', index}
