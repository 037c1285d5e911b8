-- Gives the turn to the side that is next, where nothing of the symbol is at the broker.
local function pass_turn(keys)
	if call('EXISTS', keys.selling, keys.buying) > 0 then return end
	local sells, buys = lowest(keys.sells), lowest(keys.buys)
	if sells or buys then wake_queue(sells and sells <= (buys or sells) and keys.sells or keys.buys, 0, AWAKE - 1) end
end
