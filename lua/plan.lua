#!lua flags=allow-oom
-- Plans a block: names its slices and says when each is due, before anything of it leaves (see gate).
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     block  fence  lease_ms  then for each slice: quantity  due_at
-- RETURNS  planned CLIENT_ORDER_ID …
--          stale     another worker has the block, or it is planned
-- WRITES   block:ID block:ID:slices slice:* blocks
-- USES: base need held
local block = ARGV[1]
local key = P .. 'block:' .. block
local got = held(block, ARGV[2], 'status')
if not got or (got[2] ~= 'ready' and got[2] ~= 'waiting') or call('EXISTS', key .. ':slices') == 1 then return {'stale'} end

need('hash', 'deployment')
need('zset', 'blocks', 'block:' .. block .. ':slices')
local result = {'planned'}
local name = 'muster-' .. call('HGET', P .. 'deployment', 'id') .. '-' .. block .. '-'
for number = 1, (#ARGV - 3) / 2 do
	result[number + 1] = name .. number
	need('hash', 'slice:' .. name .. number)
end
for number = 1, #result - 1 do
	local slice = result[number + 1]
	call('HSET', P .. 'slice:' .. slice, 'block', block, 'number', number, 'quantity', ARGV[2 + 2 * number], 'status',
		'created', 'due_at', ARGV[3 + 2 * number], 'filled_quantity', 0, 'created_at', now)
	call('ZADD', key .. ':slices', number, slice)
end
call('HSET', key, 'updated_at', now)
call('ZADD', P .. 'blocks', now + ARGV[3], block)
return result
