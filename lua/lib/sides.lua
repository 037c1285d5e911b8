-- Opposite sides of a symbol never meet at one broker: they take turns. Sorted sets say what is there, by when its side's
-- turn began: sides:BROKER:SYMBOL:selling and :buying. Others say who waits for a turn, by since when: :sells and :buys. The
-- turn goes to the side that has waited longest, sells where it is the same, and takes along whatever of that side waited
-- when it began; so neither side can starve the other. A block of the lane `large` takes a turn for each slice.
local function side_keys(broker, symbol, side)
	local at = P .. 'sides:' .. broker .. ':' .. symbol .. ':'
	local keys = {selling = at .. 'selling', buying = at .. 'buying', sells = at .. 'sells', buys = at .. 'buys'}
	keys.is_sell = side == 'sell'
	keys.mine, keys.my_queue = keys.buying, keys.buys
	keys.theirs, keys.their_queue = keys.selling, keys.sells
	if keys.is_sell then
		keys.mine, keys.theirs, keys.my_queue, keys.their_queue = keys.theirs, keys.mine, keys.their_queue, keys.my_queue
	end
	return keys
end
