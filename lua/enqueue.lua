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
--              signature (SYMBOL SIDE BROKER LOT TYPE [LIMIT])  quantity
--            and caps, where there are any (see lib/admit)
-- RETURNS  stored {WINDOW DUE_AT LANE RULE} for each slot (empty: nobody went there), then for each request one of
--            queued ARRIVAL_US (the first order's; the next ones follow by one microsecond)
--            replayed      the same body is stored under this queue_id
--            conflict      another body is
--            over_cap ORDER (which, from 0; -1: all together) WHY
--            bad_window WHY BEFORE AFTER (due times of the nearest windows, "": none)
--          or schedule NOW: the sessions given do not reach to now; nothing is written
-- WRITES   window:* windows windows:open block:* order:* user:*:orders counts deployment notional:*; publishes wake
-- USES: base int need need_orders day_key count_notional admit quantity quantity_sum group slot open_name open_window store_order
local slots, a = read_slots()
if not slots then return {'schedule', now} end
local digests, results, queued, seen = {}, {'stored', {}}, 0, 0
local stored = {} -- {where in ARGV its orders begin, their slots, how many orders of the call came before} of those stored

local requests = tonumber(ARGV[a])
a = a + 1
for r = 3, requests + 2 do
	local queue_id, digest, n = ARGV[a], ARGV[a + 3], tonumber(ARGV[a + 5])
	local mine, refusal = slots_of(slots, ARGV[a + 4])
	local known = digest ~= '' and (digests[queue_id] or call('HGET', P .. 'order:' .. queue_id .. '-0', 'digest'))
	if not known and not refusal then refusal = admit(ARGV[a + 1], seen + 1, n) end
	a = a + 6
	if known then
		results[r] = {known == digest and 'replayed' or 'conflict'}
	elseif refusal then
		results[r] = refusal
	else
		digests[queue_id], results[r], stored[r] = digest, {'queued'}, {a, mine, seen}
		want_orders(mine, a, n)
		want_names(queue_id, digest ~= '' and 1 or 0, n - 1)
	end
	a, seen = a + n * 2, seen + n
end
need_names()
find_places()
for r = 3, requests + 2 do
	if stored[r] then
		results[r][2] = now_us + queued
		queued = queued + index_orders(now_us + queued, stored[r][1])
	end
end
open_places()
for r = 3, requests + 2 do
	if stored[r] then store_orders(results[r][2], unpack(stored[r])) end
end
write_places()
write_admitted()
for i, slot in ipairs(slots) do
	results[2][i] = slot.place and {slot.place.window, slot.due, slot.lane, slot.rule} or {}
end
if queued > 0 then call('HINCRBY', P .. 'counts', 'queued', queued) end
return results
