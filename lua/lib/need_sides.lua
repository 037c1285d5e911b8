-- Refuses where the keys of the sides are not what they must be.
local function need_sides(broker, symbol)
	local at = 'sides:' .. broker .. ':' .. symbol
	need('set', at .. ':selling', at .. ':buying')
	need('zset', at .. ':sells', at .. ':buys')
end

