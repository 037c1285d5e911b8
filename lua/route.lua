#!lua flags=no-writes
-- Says where orders would go now, and stores nothing.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     as of enqueue, without its requests
-- RETURNS  routed, then for each slot {DUE_AT LANE RULE} or {bad_window WHY BEFORE AFTER}; or schedule NOW, as of enqueue
local time = redis.call('TIME')
local now = math.floor(time[1] * 1000 + time[2] / 1000)
-- USES: slot
local slots = read_slots()
if not slots then return {'schedule', now} end
local result = {'routed'}
for i, slot in ipairs(slots) do
	result[i + 1] = slot.why and {'bad_window', slot.why, slot.before or '', slot.after or ''} or
		{slot.due, slot.lane, slot.rule}
end
return result
