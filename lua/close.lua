#!lua flags=allow-oom
-- Closes a block at the broker: every slice is final and every fill is stored. From here on its totals stand, the
-- opposite side may go, and what is left to do is the allocation.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     block  fence  lease_ms  filled_quantity  average_price  gross_amount  fee  outcome (filled, partially_filled,
--          unfilled, rejected, canceled)  reason  minor_unit (of the money that is shared out)
-- RETURNS  closing, or stale
-- WRITES   block:* blocks blocks:* sides:*; publishes wake
-- USES: base need need_sides move held sides wake_block queue pass_turn leave_side
local block = ARGV[1]
local got = held(block, ARGV[2], 'status', 'symbol', 'broker_type', 'side')
if not got or (got[2] ~= 'submitting' and got[2] ~= 'working') then return {'stale'} end

need_sides(got[4], got[3])
need('zset', 'blocks', 'blocks:' .. got[2], 'blocks:closing')
call('HSET', P .. 'block:' .. block, 'filled_quantity', ARGV[4], 'average_price', ARGV[5], 'gross_amount', ARGV[6],
	'fee', ARGV[7], 'outcome', ARGV[8], 'reason', ARGV[9], 'minor_unit', ARGV[10],
	'closed_at', now, 'updated_at', now, 'attempts', 0)
call('ZADD', P .. 'blocks', now + ARGV[3], block)
move(block, got[2], 'closing')

leave_side(side_keys(got[4], got[3], got[5]), block)
return {'closing'}
