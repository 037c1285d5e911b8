#!lua flags=allow-oom
-- Intent before effect: names the slices of a block and notes that they are about to be sent, before a byte is.
-- While the opposite side of the symbol is in play at the broker the block waits instead: a buy until no sell is sealed or
-- working, a sell until no buy is working.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     block  fence  lease_ms  wait_ms  then the quantity of each slice
-- RETURNS  submitting CLIENT_ORDER_ID …
--          waiting
--          stale     another worker has the block
-- WRITES   block:* slice:* blocks blocks:* sides:* counts
-- USES: base count move held
local block, fence, lease, wait = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local got = held(block, fence, 'status', 'symbol', 'side', 'broker_type', 'orders')
if not got then return {'stale'} end
local _, status, symbol, side, broker, orders = unpack(got)
if status ~= 'ready' and status ~= 'waiting' then return {'stale'} end

local key = P .. 'block:' .. block
local sides = P .. 'sides:' .. broker .. ':' .. symbol
local opposite = side == 'buy' and ':sell' or ':buying'
if call('EXISTS', sides .. opposite) == 1 then
	move(block, status, 'waiting')
	call('HSET', key, 'worker', '', 'attempts', 0, 'updated_at', now,
		'reason', 'the opposite side of ' .. symbol .. ' is in play at ' .. broker)
	call('SADD', sides .. ':waiting', block)
	call('ZADD', P .. 'blocks', now + wait, block)
	return {'waiting'}
end

local result = {'submitting'}
local name = 'muster-' .. call('HGET', P .. 'deployment', 'id') .. '-' .. block .. '-'
for a = 5, #ARGV do
	local number = a - 4
	local slice = name .. number
	call('HSET', P .. 'slice:' .. slice, 'block', block, 'number', number, 'quantity', ARGV[a], 'status', 'submitting',
		'filled_quantity', 0, 'created_at', now)
	call('ZADD', key .. ':slices', number, slice)
	result[number + 1] = slice
end
call('SADD', sides .. (side == 'buy' and ':buying' or ':sell'), block)
call('SREM', sides .. ':waiting', block)
call('HSET', key, 'submitted_at', now, 'updated_at', now, 'reason', '', 'attempts', 0)
call('ZADD', P .. 'blocks', now + lease, block)
move(block, status, 'submitting')
count(tonumber(orders), 'sealed', 'working')
return result
