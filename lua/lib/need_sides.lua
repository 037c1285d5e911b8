-- Refuses where the keys of the sides are not what they must be.
local function need_sides(broker, symbol)
	local at = 'sides:' .. broker .. ':' .. symbol
	need('zset', at .. ':selling', at .. ':buying', at .. ':sells', at .. ':buys')
end

