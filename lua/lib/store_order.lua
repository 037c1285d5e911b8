-- An order says which rule put it into its window only where the lane does not.
local USUAL_RULE = {window = 'next', immediate = 'high', rush = 'rush'}

-- The orders that the call stores, in their order: ids, keys, and when they arrive, a microsecond apart.
local ids, keys, arrivals = {}, {}, {}

local shapes = {} -- by text: most requests of a call are alike

-- Reads the shape of a request, `ORDERS SLOT[,SLOT…]`: how many orders it has, and their slots, of which the last one
-- stands for all that follow. With a refusal where one cannot be had.
local function shape_of(slots, text)
	local count, numbers = text:match('^(%d+) (.*)$')
	local shape = {count = tonumber(count)}
	for number in numbers:gmatch('%d+') do
		local slot = slots[tonumber(number)]
		if slot.why then shape.refusal = {'bad_window', slot.why, slot.before or '', slot.after or ''} end
		shape[#shape + 1] = slot
	end
	if shape[2] or shape[1].rule ~= USUAL_RULE[shape[1].lane] then shape.rule = shape[1].rule end
	shapes[text] = shape
	return shape
end

-- Says that the orders of a request, at ARGV[a], are going to be stored after `before` others.
local function want_orders(shape, a, before)
	local queue_id, slot = ARGV[a], nil
	for i = 1, shape.count do
		slot = shape[i] or slot
		local place, k = slot.place or place_of(slot), before + i
		local order = queue_id .. (i == 1 and '-0' or '-' .. i - 1)
		want_group(place.groups, ARGV[a + 3 + 2 * i])
		place.orders = place.orders + 1
		ids[k], keys[k], arrivals[k] = order, P .. 'order:' .. order, int(now_us + k - 1)
	end
end

-- Puts the orders of a request, at ARGV[a], into the index of its user.
local function index_orders(shape, a, before)
	local key, n = P .. 'user:' .. ARGV[a + 1] .. ':orders', shape.count
	if n == 1 then return redis.pcall('ZADD', key, arrivals[before + 1], ids[before + 1]) end
	local index = {}
	for k = before + n, before + 1, -1 do -- the last first: Redis walks a short sorted set from its least score
		index[#index + 1] = arrivals[k]
		index[#index + 1] = ids[k]
	end
	return redis.pcall('ZADD', key, unpack(index))
end

-- Does so for all that are stored. This comes before all else is written: where an index is something else, what was put
-- into others is taken out again, and nothing is left.
local function index_all(stored)
	for i = 1, #stored do
		local shape, a, before = unpack(stored[i])
		if type(index_orders(shape, a, before)) == 'table' then
			for j = 1, i - 1 do
				shape, a, before = unpack(stored[j])
				call('ZREM', P .. 'user:' .. ARGV[a + 1] .. ':orders', unpack(ids, before + 1, before + shape.count))
			end
			need('zset', 'user:' .. ARGV[stored[i][2] + 1] .. ':orders')
		end
	end
end

-- Stores the first order of a request, and what it holds for all of them: whose they are, what tells this body from
-- another, how many there are, and which rule put them into their window. Most have nothing but the first of these.
local function store_head(shape, a, key, block)
	local user, smallcase, digest, quantity, n = ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 6], shape.count
	if n == 1 and digest == '' and not shape.rule then
		return call('HSET', key, 'block', block, 'user', user, 'smallcase', smallcase, 'quantity', quantity)
	end
	local more = {}
	local function add(name, value)
		more[#more + 1] = name
		more[#more + 1] = value
	end
	if digest ~= '' then add('digest', digest) end
	if n > 1 then
		add('orders', n)
		add('open', n)
	end
	if shape.rule then add('rule', shape.rule) end
	return call('HSET', key, 'block', block, 'user', user, 'smallcase', smallcase, 'quantity', quantity, unpack(more))
end

-- Stores the orders of a request, at ARGV[a], after `before` others; `seen` orders of the call came before.
local function store_orders(shape, a, before, seen)
	local slot
	for i = 1, shape.count do
		slot = shape[i] or slot
		local k, quantity = before + i, ARGV[a + 4 + 2 * i]
		local key, block = keys[k], join_group(slot.place.groups, ARGV[a + 3 + 2 * i], ids[k], arrivals[k], quantity)
		if i == 1 then
			store_head(shape, a, key, block)
		elseif shape[2] then
			call('HSET', key, 'block', block, 'quantity', quantity, 'rule', slot.rule)
		else
			call('HSET', key, 'block', block, 'quantity', quantity)
		end
		if caps then note_worth(ids[k], seen + i) end
	end
end
