-- Adds to the day's money; it is kept for another day, for whoever comes late.
local function count_notional(broker, field, cents)
	call('HINCRBY', day_key(broker), field, int(cents))
	call('PEXPIRE', day_key(broker), 2 * DAY_MS)
end

