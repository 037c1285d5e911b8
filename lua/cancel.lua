#!lua flags=allow-oom
-- Cancels those orders of a request whose windows are still open.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     queue_id  retention_ms  user_id ('': anybody's; else a request of another user is not found)
-- RETURNS  canceled NOW_CANCELED CANCELED_BEFORE, then of those of now: LANE HOW_MANY …; or already_sealed, or not_found
-- WRITES   order:* block:* window:* counts notional:*
-- USES: base int need day_key give_back quantity quantity_sum signature leave_group count end_order
local queue_id, retention = ARGV[1], ARGV[2]
local head = P .. 'order:' .. queue_id .. '-0'
local bulk, bulk_user = unpack(call('HMGET', P .. 'window:bulk-' .. queue_id, 'total', 'user'))
local head_user = call('HGET', head, 'user')
local owner = bulk and (bulk_user or '') or head_user
if not owner or ((ARGV[3] or '') ~= '' and owner ~= ARGV[3]) then return {'not_found'} end
if bulk then return {'already_sealed'} end

local n = tonumber(call('HGET', head, 'orders') or 1)
local now_canceled, before, lanes, of_lane = {}, 0, {}, {}
for i = 0, n - 1 do
	local order = queue_id .. '-' .. i
	local block, status, quantity = unpack(call('HMGET', P .. 'order:' .. order, 'block', 'status', 'quantity'))
	if status == 'canceled' then
		before = before + 1
	elseif block and not status then
		local window = call('HGET', P .. 'block:' .. block, 'window')
		local window_status, lane = unpack(call('HMGET', P .. 'window:' .. window, 'status', 'lane'))
		if window_status == 'open' then
			now_canceled[#now_canceled + 1] = {order, block, window, quantity}
			if not of_lane[lane] then lanes[#lanes + 1] = lane end
			of_lane[lane] = (of_lane[lane] or 0) + 1
		end
	end
end
if #now_canceled == 0 then return before > 0 and {'canceled', 0, before} or {'already_sealed'} end

need('hash', 'counts')
for _, c in ipairs(now_canceled) do
	need('hash', 'window:' .. c[3] .. ':groups')
	need('zset', 'block:' .. c[2] .. ':orders')
	note_given_back(c[1])
end
for _, c in ipairs(now_canceled) do
	local order, block, window, quantity = unpack(c)
	local arrival = call('ZSCORE', P .. 'block:' .. block .. ':orders', order)
	call('HSET', P .. 'order:' .. order, 'status', 'canceled', 'reason', 'canceled on request', 'updated_at', now,
		'created_at', int(math.floor(arrival / 1000)))
	call('ZREM', P .. 'block:' .. block .. ':orders', order)
	take_quantity(window, block, quantity)
	call('HINCRBY', P .. 'window:' .. window, 'orders', -1)
	end_order(order, n == 1, retention)
end
give_back()
count(#now_canceled, 'queued', 'canceled')
local result = {'canceled', #now_canceled, before}
for _, lane in ipairs(lanes) do
	result[#result + 1] = lane
	result[#result + 1] = of_lane[lane]
end
return result
