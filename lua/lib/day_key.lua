local DAY_MS = 86400000

-- The day's money at a broker: of today (UTC, days since 1970), or of another day.
local function day_key(broker, day)
	return P .. 'notional:' .. broker .. ':' .. (day or int(math.floor(now / DAY_MS)))
end

