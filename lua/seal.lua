#!lua flags=allow-oom
-- Seals the window that is due first: nobody can join or leave any more, and its groups become blocks, a chunk of them a
-- call. Any worker may call it at any time; orders are never walked. A bulk window that was abandoned halfway becomes
-- blocks that only wait to be closed as canceled.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     groups (of one chunk)  retention_ms
-- RETURNS  idle NEXT_IN_MS (-1: no window is open)
--          sealing|sealed WINDOW LANE LATE_MS SEALED GROUPS, then the blocks of this chunk
-- WRITES   window:* windows windows:open windows:working windows:done block:* blocks blocks:* sides:* counts
-- USES: base int need quantity signature count move open_name sides need_window window_end
local window, due = unpack(call('ZRANGE', P .. 'windows', 0, 0, 'WITHSCORES'))
if not window then return {'idle', -1} end
if tonumber(due) > now then return {'idle', due - now} end

local chunk, retention = tonumber(ARGV[1]), ARGV[2]
local at = P .. 'window:' .. window
local status, lane, due_at, cursor, abandoned, calendar, close_at = unpack(call('HMGET', at, 'status', 'lane', 'due_at',
	'sealed_groups', 'abandoned', 'calendar', 'close_at'))
local groups = call('ZCARD', at .. ':blocks')
need_window(window, status == 'sealing' and cursor or 0, chunk)
if status ~= 'sealing' then
	abandoned = status == 'filling' and '1' or nil
	cursor = 0
	local name = due_at and open_name(lane, due_at, calendar) or ''
	if call('HGET', P .. 'windows:open', name) == window then call('HDEL', P .. 'windows:open', name) end
	call('HSET', at, 'status', 'sealing', 'sealed_at', now, 'sealed_groups', 0, 'blocks_open', groups)
	if abandoned then call('HSET', at, 'abandoned', '1', 'due_at', now) end
end

-- The sum of a group: its window has it, or the block itself where it was full.
local function quantity_nano(block, own)
	local kept = own or call('HGET', at .. ':groups', signature_of(block))
	return own or (kept and nano_text(split_quantity(kept:match('^%S+ (%S+)$')))) or '0'
end

local function seal_block(block)
	local key = P .. 'block:' .. block
	local symbol, side, broker, sum = unpack(call('HMGET', key, 'symbol', 'side', 'broker_type', 'quantity_nano'))
	local orders = call('ZCARD', key .. ':orders')
	call('HSET', key, 'quantity_nano', quantity_nano(block, sum), 'sealed_at', now, 'fence', 0, 'orders', orders)
	if close_at then call('HSET', key, 'close_at', close_at) end
	if orders == 0 then -- every order was canceled: nothing to send
		move(block, nil, 'canceled')
		call('HSET', key, 'outcome', 'canceled', 'reason', 'every order was canceled before the seal')
		call('PEXPIRE', key, retention)
		return call('HINCRBY', at, 'blocks_open', -1)
	end
	if abandoned then
		move(block, nil, 'closing')
		call('HSET', key, 'outcome', 'canceled', 'reason', 'the bulk call was never completed', 'filled_quantity', 0,
			'gross_amount', 0, 'fee', 0)
	else
		move(block, nil, 'ready')
		if side == 'sell' then call('ZADD', side_keys(broker, symbol, side).sells, now, block) end
	end
	call('ZADD', P .. 'blocks', now, block)
	count(orders, 'queued', abandoned and 'working' or 'sealed')
end
local blocks = call('ZRANGE', at .. ':blocks', cursor, cursor + chunk - 1)
for _, block in ipairs(blocks) do seal_block(block) end
cursor = cursor + #blocks
call('HSET', at, 'sealed_groups', cursor)
local result = {'sealing', window, lane, now - due, cursor, groups, unpack(blocks)}
if cursor >= groups then
	result[1] = 'sealed'
	call('ZREM', P .. 'windows', window)
	call('HSET', at, 'status', 'sealed')
	call('UNLINK', at .. ':groups')
	call('ZADD', P .. 'windows:working', due_at or now, window)
	if tonumber(call('HGET', at, 'blocks_open')) == 0 then end_window(window, retention) end
end
return result
