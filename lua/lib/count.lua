-- Moves `n` orders from one count to another; either may be nil.
local function count(n, from, to)
	if from == to or n == 0 then return end
	if from then call('HINCRBY', P .. 'counts', from, -n) end
	if to then call('HINCRBY', P .. 'counts', to, n) end
end

