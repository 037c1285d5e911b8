-- The sum of a group as an integer: its window at `at` has it, or the block itself (`own`) where it was full.
local function sum_nano(at, block, own)
	local kept = own or call('HGET', at .. ':groups', signature_of(block))
	return own or (kept and nano_text(split_quantity(kept:match('^%S+ (%S+)$')))) or '0'
end

-- Makes one group of a window a block. `window` is {at: its key, close_at: when its market closes, abandoned, retention}.
local function seal_block(block, window)
	local key = P .. 'block:' .. block
	local symbol, side, broker, sum = unpack(call('HMGET', key, 'symbol', 'side', 'broker_type', 'quantity_nano'))
	local orders = call('ZCARD', key .. ':orders')
	call('HSET', key, 'quantity_nano', sum_nano(window.at, block, sum), 'sealed_at', now, 'fence', 0, 'orders', orders)
	if window.close_at then call('HSET', key, 'close_at', window.close_at) end
	if orders == 0 then -- every order was canceled: nothing to send
		move(block, nil, 'canceled')
		call('HSET', key, 'outcome', 'canceled', 'reason', 'every order was canceled before the seal')
		call('PEXPIRE', key, window.retention)
		return call('HINCRBY', window.at, 'blocks_open', -1)
	end
	if window.abandoned then
		move(block, nil, 'closing')
		call('HSET', key, 'outcome', 'canceled', 'reason', 'the bulk call was never completed', 'filled_quantity', 0,
			'gross_amount', 0, 'fee', 0)
	else
		move(block, nil, 'ready')
		if side == 'sell' then call('ZADD', side_keys(broker, symbol, side).sells, now, block) end
	end
	call('ZADD', P .. 'blocks', now, block)
	count(orders, 'queued', window.abandoned and 'working' or 'sealed')
end

