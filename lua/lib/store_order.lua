local ARGV, pcall, unpack = ARGV, redis.pcall, unpack -- not looked up for each order

-- An order says which rule put it into its window only where the lane does not.
local USUAL_RULE = {window = 'next', immediate = 'high', rush = 'rush'}

-- The orders that the call stores, in their order: ids, keys, when they arrive (a microsecond apart), and their groups.
local ids, keys, arrivals, groups_of = {}, {}, {}, {}

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
	local slot
	for i = 1, shape.count do
		slot = shape[i] or slot
		local place, k = slot.place or place_of(slot), before + i
		local order = ARGV[a] .. (i == 1 and '-0' or '-' .. i - 1)
		ids[k], keys[k], arrivals[k] = order, P .. 'order:' .. order, format('%d', now_us + k - 1)
		groups_of[k] = want_group(place.groups, ARGV[a + 3 + 2 * i])
		place.orders = place.orders + 1
	end
end

-- Puts the orders of a request, at ARGV[a], into the index of its user.
local function index_orders(n, a, before)
	local key, k = P .. 'user:' .. ARGV[a + 1] .. ':orders', before + 1
	if n == 1 then return pcall('ZADD', key, arrivals[k], ids[k]) end
	local index = {}
	for i = before + n, k, -1 do -- the last first: Redis walks a short sorted set from its least score
		index[#index + 1] = arrivals[i]
		index[#index + 1] = ids[i]
	end
	return pcall('ZADD', key, unpack(index))
end

-- Takes the orders of those requests out again that come before the one at ARGV[a], and refuses.
local function unindex_before(stored, a)
	local before = 0
	for _, at in ipairs(stored) do
		if at == a then break end
		local n = shapes[ARGV[at + 4]].count
		call('ZREM', P .. 'user:' .. ARGV[at + 1] .. ':orders', unpack(ids, before + 1, before + n))
		before = before + n
	end
	need('zset', 'user:' .. ARGV[a + 1] .. ':orders')
end

-- Puts the orders of all requests that are stored into the indexes of their users. This comes before all else is written:
-- where an index is something else, what was put into others is taken out again, and nothing is left.
local function index_all(stored)
	local before = 0
	for i = 1, #stored do
		local a = stored[i]
		local n = shapes[ARGV[a + 4]].count
		if type(index_orders(n, a, before)) == 'table' then unindex_before(stored, a) end
		before = before + n
	end
end

-- Stores the first order of a request, and what it holds for all of them: whose they are, what tells this body from
-- another, how many there are, and which rule put them into their window. Most have nothing but the first of these.
local function store_head(shape, a, key, block)
	local digest, n = ARGV[a + 3], shape.count
	if n == 1 and digest == '' and not shape.rule then
		return call('HSET', key, 'block', block, 'user', ARGV[a + 1], 'smallcase', ARGV[a + 2], 'quantity', ARGV[a + 6])
	end
	local fields = {'block', block, 'user', ARGV[a + 1], 'smallcase', ARGV[a + 2], 'quantity', ARGV[a + 6]}
	local function add(name, value)
		fields[#fields + 1] = name
		fields[#fields + 1] = value
	end
	if digest ~= '' then add('digest', digest) end
	if n > 1 then
		add('orders', n)
		add('open', n)
	end
	if shape.rule then add('rule', shape.rule) end
	return call('HSET', key, unpack(fields))
end

-- Stores the orders of a request, at ARGV[a], after `before` others. Returns how many there are then.
local function store_orders(a, before)
	local shape, slot = shapes[ARGV[a + 4]], nil
	for i = 1, shape.count do
		local k, quantity = before + i, ARGV[a + 4 + 2 * i]
		local key, block = keys[k], join_group(groups_of[k], ids[k], arrivals[k], quantity)
		slot = shape[i] or slot
		if i == 1 then
			store_head(shape, a, key, block)
		elseif shape[2] then
			call('HSET', key, 'block', block, 'quantity', quantity, 'rule', slot.rule)
		else
			call('HSET', key, 'block', block, 'quantity', quantity)
		end
	end
	return before + shape.count
end
