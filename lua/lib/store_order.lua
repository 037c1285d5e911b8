-- An order says which rule put it into its window only where the lane does not.
local USUAL_RULE = {window = 'next', immediate = 'high', rush = 'rush'}

-- Stores one order. The first of a request with an Idempotency-Key also holds what tells its body from another.
local function store(slot, b, order, at, user, smallcase, digest)
	local place = slot.place
	local block = join_group(place.window, slot.lane, ARGV[b], order, at, ARGV[b + 2])
	local key = P .. 'order:' .. order
	if digest == '' then
		call('HSET', key, 'user', user, 'smallcase', smallcase, 'quantity', ARGV[b + 1], 'block', block)
	else
		call('HSET', key, 'user', user, 'smallcase', smallcase, 'quantity', ARGV[b + 1], 'block', block, 'digest', digest)
	end
	if slot.rule ~= USUAL_RULE[slot.lane] then call('HSET', key, 'rule', slot.rule) end
	call('ZADD', P .. 'user:' .. user .. ':orders', at, order)
	place.orders = place.orders + 1
end

-- The slots of the orders of a request, in their order; the last one stands for all that follow. Or why one cannot be had.
local function slots_of(slots, text)
	local mine = {}
	for number in text:gmatch('%d+') do
		local slot = slots[tonumber(number)]
		if slot.why then return nil, {'bad_window', slot.why, slot.before or '', slot.after or ''} end
		mine[#mine + 1] = slot
	end
	return mine
end
