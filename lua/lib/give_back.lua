-- Gives back what orders counted for in their day's money (see admit), of which nothing has left: noted while everything is
-- read, written with the rest. A day that is over is forgotten.
local given = {}

local function note_given_back(order)
	local day, broker, cents = (call('HGET', P .. 'order:' .. order, 'worth') or ''):match('^(%d+) (%S+) (%d+)$')
	local key = day and day_key(broker, day)
	if not key or call('EXISTS', key) == 0 then return end
	need('hash', key:sub(#P + 1))
	given[key] = (given[key] or 0) + cents
end

local function give_back()
	for key, cents in pairs(given) do call('HINCRBY', key, 'accepted_cents', int(-cents)) end
end

