-- When the markets of brokers take orders, and when they close after that: `BROKER FROM UNTIL CLOSE FROM UNTIL CLOSE …;` for
-- each that has sessions, the near ones. A broker that is not there is always open.
local closed, closes, noted = {}, {}, {}

local function read_hours(text)
	for broker, sessions in text:gmatch('(%S+) ([%d ]*);') do
		closed[broker] = 'market_closed: the market of ' .. broker
			.. ' is closed now; POST /trade-queue/queue/order waits for its next session'
		for from, till, close in sessions:gmatch('(%d+) (%d+) (%d+)') do
			if now >= tonumber(from) and now < tonumber(till) then closed[broker], closes[broker] = nil, close end
		end
	end
end

-- Why an order of this signature cannot be executed now; nil where it can.
local function market_refusal(signature)
	return next(closed) and closed[signature:match('^%S+ %S+ (%S+)')]
end

-- Notes in a block that an order of this signature has joined when its market closes.
local function note_close(block, signature)
	local close = next(closes) and not noted[block] and closes[signature:match('^%S+ %S+ (%S+)')]
	if close then call('HSET', P .. 'block:' .. block, 'close_at', close) end
	noted[block] = true
end
