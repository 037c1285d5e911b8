#!lua
-- Stores requests, each whole or not at all, and lets their orders join the groups of their windows.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     window.length_ms  coalesce_ms  max_ahead_ms  requests, then for each request
--            queue_id  user_id  smallcase_id  digest (of the body, "" without a key)  lane (window, immediate)
--            due_at ("": the next)  orders,
--            then for each order
--              signature (SYMBOL SIDE BROKER LOT TYPE [LIMIT])  quantity  quantity_nano
-- RETURNS  for each request one of
--            queued WINDOW DUE_AT ARRIVAL_US (the first order's; the next ones follow by one microsecond)
--            replayed      the same body is stored under this queue_id
--            conflict      another body is
--            bad_window WHY
-- WRITES   window:* windows windows:open block:* order:* user:*:orders counts deployment; publishes wake
-- USES: base int group open_window
local orders_at, users_at = P .. 'order:', P .. 'user:'
local digests, results, queued = {}, {}, 0

-- Stores one order. The first of a request with an Idempotency-Key also holds what tells its body from another.
local function store(slot, b, order, at, user, smallcase, digest)
	local block = join_group(slot.window, slot.lane, ARGV[b], order, at, ARGV[b + 2])
	if digest == '' then
		call('HSET', orders_at .. order, 'user', user, 'smallcase', smallcase, 'quantity', ARGV[b + 1], 'block', block)
	else
		call('HSET', orders_at .. order, 'user', user, 'smallcase', smallcase, 'quantity', ARGV[b + 1], 'block', block,
			'digest', digest)
	end
	call('ZADD', users_at .. user .. ':orders', at, order)
end

local a = 5
for r = 1, tonumber(ARGV[4]) do
	local queue_id, user, smallcase, digest = ARGV[a], ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
	local slot, n = slot_for(ARGV[a + 4], ARGV[a + 5]), tonumber(ARGV[a + 6])
	local head = queue_id .. '-0'
	local known = digest ~= '' and (digests[queue_id] or call('HGET', orders_at .. head, 'digest'))
	a = a + 7
	if known then
		results[r] = {known == digest and 'replayed' or 'conflict'}
	elseif not slot.due then
		results[r] = {'bad_window', slot.why}
	else
		slot.window = slot.window or open_window(slot.lane, slot.due)
		local arrival = now_us + queued
		store(slot, a, head, int(arrival), user, smallcase, digest)
		for i = 1, n - 1 do
			store(slot, a + i * 3, queue_id .. '-' .. i, int(arrival + i), user, smallcase, '')
		end
		if n > 1 then call('HSET', orders_at .. head, 'orders', n, 'open', n) end
		digests[queue_id] = digest
		slot.orders = slot.orders + n
		queued = queued + n
		results[r] = {'queued', slot.window, slot.due, arrival}
	end
	a = a + n * 3
end
flush_groups()
for _, lane in pairs(slots) do
	for _, slot in pairs(lane) do
		if slot.orders > 0 then call('HINCRBY', P .. 'window:' .. slot.window, 'orders', slot.orders) end
	end
end
if queued > 0 then call('HINCRBY', P .. 'counts', 'queued', queued) end
return results
