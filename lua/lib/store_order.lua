-- An order says which rule put it into its window only where the lane does not.
local USUAL_RULE = {window = 'next', immediate = 'high', rush = 'rush'}

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

-- Says that the `n` orders of a request, at ARGV[a], go to these slots.
local function want_orders(mine, a, n)
	for _, slot in ipairs(mine) do slot.place = slot.place or place_of(slot) end
	for i = 0, n - 1 do
		local place = (mine[i + 1] or mine[#mine]).place
		want_group(place.groups, ARGV[a + 2 * i])
		place.orders = place.orders + 1
	end
end

-- What the first order of a request holds for all of them, besides its own: whose they are, what tells this body from
-- another, how many there are, and which rule put them into their window.
local function head_fields(mine, a, n)
	local fields = {'user', ARGV[a - 5], 'smallcase', ARGV[a - 4], 'quantity', ARGV[a + 1]}
	local function add(...)
		for _, value in ipairs({...}) do fields[#fields + 1] = value end
	end
	if ARGV[a - 3] ~= '' then add('digest', ARGV[a - 3]) end
	if n > 1 then add('orders', n, 'open', n) end
	if mine[2] or mine[1].rule ~= USUAL_RULE[mine[1].lane] then add('rule', mine[1].rule) end
	return fields
end

local indexed = {} -- keys of users' indexes, each with what was put into it

-- Puts the orders of a request, at ARGV[a], into the index of its user, and returns how many there are. This comes before
-- all else is written: where it cannot be, what was put into indexes before is taken out again, and nothing is left.
local function index_orders(arrival, a)
	local name, n, index = 'user:' .. ARGV[a - 5] .. ':orders', tonumber(ARGV[a - 1]), {}
	for i = 0, n - 1 do
		local place = 2 * (n - i) -- the last first: Redis walks a short sorted set from its least score
		index[place - 1], index[place] = int(arrival + i), ARGV[a - 6] .. '-' .. i
	end
	if type(redis.pcall('ZADD', P .. name, unpack(index, 1, 2 * n))) == 'table' then
		for _, before in ipairs(indexed) do
			for i = 2, #before, 2 do call('ZREM', before.key, before[i]) end
		end
		need('zset', name)
	end
	index.key = P .. name
	indexed[#indexed + 1] = index
	return n
end

-- Stores the orders of a request, at ARGV[a]. `seen` orders of the call came before.
local function store_orders(arrival, a, mine, seen)
	local queue_id, n = ARGV[a - 6], tonumber(ARGV[a - 1])
	for i = 0, n - 1 do
		local slot, order, at = mine[i + 1] or mine[#mine], queue_id .. '-' .. i, int(arrival + i)
		local key, quantity = P .. 'order:' .. order, ARGV[a + 2 * i + 1]
		local block = join_group(slot.place.groups, ARGV[a + 2 * i], order, at, quantity)
		if i == 0 then
			call('HSET', key, 'block', block, unpack(head_fields(mine, a, n)))
		elseif mine[2] then
			call('HSET', key, 'block', block, 'quantity', quantity, 'rule', slot.rule)
		else
			call('HSET', key, 'block', block, 'quantity', quantity)
		end
		note_worth(order, seen + i + 1)
	end
end
