#!lua flags=no-writes
-- Orders, each with what its block and window know of it. Amounts and states of orders that are not final are those of
-- the block's stage: nothing is written in an order when its window is sealed or its block is sent.
--     redis-cli --eval lua/order.lua 'muster:{0}' , ORDER_ID
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     order_id …
-- RETURNS  for each order its fields as field, value, …; an empty list where there is none
local P = KEYS[1] .. ':'
local call = redis.call
local STATUS = {
	ready = 'sealed', waiting = 'sealed', submitting = 'working', working = 'working', closing = 'working',
	needs_review = 'working',
}
local BLOCK = {
	'symbol', 'side', 'broker_type', 'order_type', 'limit_price', 'window', 'lane', 'status', 'sealed_at', 'updated_at',
	'average_price', 'reason',
}
local ORDER = {
	'user', 'smallcase', 'quantity', 'block', 'status', 'reason', 'filled_quantity', 'gross_amount', 'fee', 'created_at',
	'updated_at', 'window', 'group', 'rule',
}
local heads, blocks, windows, result = {}, {}, {}, {}

local function read(key, names)
	local hash, values = {}, call('HMGET', key, unpack(names))
	for i, name in ipairs(names) do hash[name] = values[i] or nil end
	return hash
end

for i, id in ipairs(ARGV) do
	local order = read(P .. 'order:' .. id, ORDER)
	local request = id:match('^(.*)-')
	if order.quantity and not order.user then
		heads[request] = heads[request] or read(P .. 'order:' .. request .. '-0', {'user', 'smallcase', 'rule'})
		local head = heads[request]
		order.user, order.smallcase, order.rule = head.user, head.smallcase, order.rule or head.rule
	end
	local block, lines = {}, {}
	if order.block then
		blocks[order.block] = blocks[order.block] or read(P .. 'block:' .. order.block, BLOCK)
		block = blocks[order.block]
	elseif order.group then
		local g = {order.group:match('^(%S+) (%S+) (%S+) (%S+) (%S+) ?(%S*)$')}
		block = {symbol = g[1], side = g[2], broker_type = g[3], order_type = g[5], limit_price = g[6], window = order.window}
	end
	local name = block.window
	if name and not windows[name] then windows[name] = read(P .. 'window:' .. name, {'lane', 'due_at'}) end
	local window = windows[name] or {}
	local arrival = not order.created_at and order.block and call('ZSCORE', P .. 'block:' .. order.block .. ':orders', id)
	local created = order.created_at or (arrival and string.format('%.0f', math.floor(arrival / 1000))) or ''
	local filled = order.filled_quantity or '0'
	if order.user then
		lines = {
			'order_id', id, 'queue_id', request, 'user_id', order.user, 'smallcase_id', order.smallcase,
			'symbol', block.symbol or '', 'side', block.side or '', 'broker_type', block.broker_type or '',
			'order_type', block.order_type or '', 'limit_price', block.limit_price or '',
			'quantity', order.quantity, 'lane', window.lane or block.lane or '', 'execution_window', window.due_at or '',
			'status', order.status or STATUS[block.status] or 'queued', 'filled_quantity', filled,
			'average_price', filled ~= '0' and block.average_price or '', 'gross_amount', order.gross_amount or '0',
			'fee', order.fee or '0', 'block_id', block.sealed_at and order.status ~= 'canceled' and order.block or '',
			'reason', order.reason or (block.sealed_at and order.status ~= 'filled' and block.reason) or '',
			'created_at', created, 'updated_at', order.updated_at or block.updated_at or block.sealed_at or created,
			'window_id', name or '', 'rule', order.rule or '',
		}
	end
	result[i] = lines
end
return result
