#!lua
-- Stores requests, each whole or not at all, and lets their orders join the groups of their windows.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     window.length_ms  coalesce_ms  max_ahead_ms  open_delay_ms  rush_before_close_ms  rush_length_ms
--          last_before_close_ms  slots, then each slot (see lib/slot)
--          requests, then for each request
--            queue_id  user_id  smallcase_id  digest (of the body, "" without a key)  shape (`ORDERS SLOT[,SLOT…]`: how
--            many, and the number of the slot of all or of each),
--            then for each order
--              signature (SYMBOL SIDE BROKER LOT TYPE [LIMIT])  quantity
--            and caps, where there are any (see lib/admit)
-- RETURNS  stored {WINDOW DUE_AT LANE RULE} for each slot (empty: nobody went there), then for each request either
--            ARRIVAL_US of its first order (the next ones follow by one microsecond): it is queued; or one of
--            replayed      the same body is stored under this queue_id
--            conflict      another body is
--            over_cap ORDER (which, from 0; -1: all together) WHY
--            bad_window WHY BEFORE AFTER (due times of the nearest windows, "": none)
--          or schedule NOW: the sessions given do not reach to now; nothing is written
-- WRITES   window:* windows windows:open block:* order:* user:*:orders counts deployment notional:*; publishes wake
-- USES: base int need need_orders day_key count_notional admit quantity quantity_sum group slot open_name open_window store_order
local slots, a = read_slots()
if not slots then return {'schedule', now} end
local requests, results, digests = tonumber(ARGV[a]), {'stored', {}}, {}
local stored, count, seen = {}, 0, 0 -- where in ARGV what is stored begins; orders stored, and orders seen
local places_seen = {} -- where there are caps: of each order stored, which of the call it is

a = a + 1
for r = 3, requests + 2 do
	local digest, shape, known = ARGV[a + 3], shapes[ARGV[a + 4]] or shape_of(slots, ARGV[a + 4]), nil
	local n = shape.count
	if digest ~= '' then known = digests[ARGV[a]] or call('HGET', P .. 'order:' .. ARGV[a] .. '-0', 'digest') end
	local refusal = not known and (shape.refusal or caps and admit(ARGV[a + 1], seen + 1, n))
	if known then
		results[r] = {known == digest and 'replayed' or 'conflict'}
	elseif refusal then
		results[r] = refusal
	else
		if digest ~= '' then digests[ARGV[a]] = digest end
		if caps then
			for i = 1, n do places_seen[count + i] = seen + i end
		end
		results[r] = now_us + count
		stored[#stored + 1] = a
		want_orders(shape, a, count)
		count = count + n
	end
	a, seen = a + 5 + 2 * n, seen + n
end
need_orders(keys)
find_places()
index_all(stored)
open_places()
count = 0
for i = 1, #stored do count = store_orders(stored[i], count) end
write_places()
for k, place in ipairs(places_seen) do note_worth(ids[k], place) end
write_admitted()
for i, slot in ipairs(slots) do
	results[2][i] = slot.place and {slot.place.window, slot.due, slot.lane, slot.rule} or {}
end
if count > 0 then call('HINCRBY', P .. 'counts', 'queued', count) end
return results
