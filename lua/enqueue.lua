#!lua
-- Stores requests, each whole or not at all, and lets their orders join the groups of their windows.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     window.length_ms  coalesce_ms  max_ahead_ms  open_delay_ms  rush_before_close_ms  rush_length_ms
--          last_before_close_ms  slots, then each slot (see lib/slot)
--          requests, then for each request
--            queue_id  user_id  smallcase_id  digest (of the body, "" without a key)  slot (its number; "1,2,1": of each
--            order)  orders,
--            then for each order
--              signature (SYMBOL SIDE BROKER LOT TYPE [LIMIT])  quantity  quantity_nano
--            and caps, where there are any (see lib/admit)
-- RETURNS  stored {WINDOW DUE_AT LANE RULE} for each slot (empty: nobody went there), then for each request one of
--            queued ARRIVAL_US (the first order's; the next ones follow by one microsecond)
--            replayed      the same body is stored under this queue_id
--            conflict      another body is
--            over_cap ORDER (which, from 0; -1: all together) WHY
--            bad_window WHY BEFORE AFTER (due times of the nearest windows, "": none)
--          or schedule NOW: the sessions given do not reach to now; nothing is written
-- WRITES   window:* windows windows:open block:* order:* user:*:orders counts deployment notional:*; publishes wake
-- USES: base int day_key count_notional admit group slot open_name open_window store_order
local slots, a = read_slots()
if not slots then return {'schedule', now} end
local digests, results, queued, seen = {}, {'stored', {}}, 0, 0

local requests = tonumber(ARGV[a])
a = a + 1
for r = 1, requests do
	local queue_id, user, smallcase, digest = ARGV[a], ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
	local mine, refusal = slots_of(slots, ARGV[a + 4])
	local head, n = queue_id .. '-0', tonumber(ARGV[a + 5])
	local known = digest ~= '' and (digests[queue_id] or call('HGET', P .. 'order:' .. head, 'digest'))
	a = a + 6
	if not known and not refusal then refusal = admit(user, seen + 1, n) end
	if known then
		results[r + 2] = {known == digest and 'replayed' or 'conflict'}
	elseif refusal then
		results[r + 2] = refusal
	else
		for _, slot in ipairs(mine) do slot.place = slot.place or place_of(slot) end
		local arrival = now_us + queued
		for i = 0, n - 1 do
			store(mine[i + 1] or mine[#mine], a + i * 3, queue_id .. '-' .. i, int(arrival + i), user, smallcase,
				i == 0 and digest or '')
			note_worth(queue_id .. '-' .. i, seen + i + 1)
		end
		if n > 1 then call('HSET', P .. 'order:' .. head, 'orders', n, 'open', n) end
		digests[queue_id] = digest
		queued = queued + n
		results[r + 2] = {'queued', arrival}
	end
	a, seen = a + n * 3, seen + n
end
flush_groups()
write_admitted()
for _, place in pairs(places) do call('HINCRBY', P .. 'window:' .. place.window, 'orders', place.orders) end
for i, slot in ipairs(slots) do
	results[2][i] = slot.place and {slot.place.window, slot.due, slot.lane, slot.rule} or {}
end
if queued > 0 then call('HINCRBY', P .. 'counts', 'queued', queued) end
return results
