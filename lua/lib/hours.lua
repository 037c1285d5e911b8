-- When the markets of brokers take orders: `BROKER FROM UNTIL FROM UNTIL …;` for each that has sessions, the near ones. A
-- broker that is not there is always open.
local closed = {}

local function read_hours(text)
	for broker, sessions in text:gmatch('(%S+) ([%d ]*);') do
		closed[broker] = 'market_closed: the market of ' .. broker
			.. ' is closed now; POST /trade-queue/queue/order waits for its next session'
		for from, till in sessions:gmatch('(%d+) (%d+)') do
			if now >= tonumber(from) and now < tonumber(till) then closed[broker] = nil end
		end
	end
end

-- Why an order of this signature cannot be executed now; nil where it can.
local function market_refusal(signature)
	return next(closed) and closed[signature:match('^%S+ %S+ (%S+)')]
end
