#!lua flags=allow-oom
-- Ends a block whose orders all have their shares: the house account gets the rest, the block and what hangs on it
-- begin to expire, and the last block of a window ends the window.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     block  fence  retention_ms  house_quantity  house_gross_amount  house_fee
-- RETURNS  finished STATUS SUBMIT_MS DONE_MS (from the due time to the first submit, -1: none, and to now), or
--          cursor ALLOCATED (orders without a share are left), or stale
-- WRITES   block:* slice:* window:* windows:working windows:done blocks blocks:* house; publishes done
-- USES: base need move held window_end
local block, retention = ARGV[1], tonumber(ARGV[3])
local got = held(block, ARGV[2], 'status', 'orders', 'allocated', 'window', 'outcome', 'symbol', 'side', 'broker_type',
	'submitted_at')
if not got or got[2] ~= 'closing' then return {'stale'} end
if (got[4] or '0') ~= got[3] then return {'cursor', tonumber(got[4] or 0)} end

local key = P .. 'block:' .. block
local status = got[6] == 'canceled' and not got[10] and 'canceled' or 'allocated' -- canceled: nothing was sent
need('stream', 'house')
need('hash', 'window:' .. got[5])
need('zset', 'blocks', 'blocks:closing', 'blocks:' .. status, 'block:' .. block .. ':slices', 'windows:working', 'windows:done')
if ARGV[4] ~= '0' or ARGV[5] ~= '0' or ARGV[6] ~= '0' then
	call('XADD', P .. 'house', '*', 'block_id', block, 'symbol', got[7], 'side', got[8], 'broker_type', got[9], 'quantity',
		ARGV[4], 'gross_amount', ARGV[5], 'fee', ARGV[6], 'executed_at', now)
end
call('HSET', key, 'house_quantity', ARGV[4], 'house_gross_amount', ARGV[5], 'house_fee', ARGV[6], 'allocated_at', now,
	'updated_at', now, 'worker', '')
move(block, 'closing', status)
call('ZREM', P .. 'blocks', block)
for _, slice in ipairs(call('ZRANGE', key .. ':slices', 0, -1)) do
	call('PEXPIRE', P .. 'slice:' .. slice, retention)
end
for _, part in ipairs({'', ':orders', ':slices', ':fills'}) do
	call('PEXPIRE', key .. part, retention)
end
call('PUBLISH', P .. 'done', 'block ' .. block)

local due_at, forced = unpack(call('HMGET', P .. 'window:' .. got[5], 'due_at', 'forced_at'))
if call('HINCRBY', P .. 'window:' .. got[5], 'blocks_open', -1) == 0 then end_window(got[5], retention) end
local due = math.min(tonumber(forced or due_at or now), tonumber(due_at or now))
return {'finished', status, got[10] and math.max(0, got[10] - due) or -1, math.max(0, now - due)}
