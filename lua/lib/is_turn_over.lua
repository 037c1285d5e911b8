-- Whether what rests at the broker is to give way: the other side waits, and the turn has lasted this long.
local function is_turn_over(keys, most_ms)
	local began = lowest(keys.mine)
	return began ~= nil and began + most_ms <= now and lowest(keys.their_queue) ~= nil
end
