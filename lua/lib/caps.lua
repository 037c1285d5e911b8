-- Caps on a block before anything of it leaves, with the prices as they are then. `caps` is
-- {MAX_NOTIONAL, COLLAR_PCT, MAX_PRICE_AGE_S, MAX_DAILY_NOTIONAL}, each 0 for none.

-- A price far from exact in binary must not break a cap that it only reaches.
local function is_over(is, cap)
	return cap > 0 and is > cap * (1 + 1e-12)
end

-- Why the block must not leave, and the evidence; or nil, and what it adds to the day's notional, in hundredths.
local function over_cap(block, caps)
	local symbol, side, broker, nano, limit, passed = unpack(call('HMGET', P .. 'block:' .. block, 'symbol', 'side',
		'broker_type', 'quantity_nano', 'limit_price', 'caps_passed'))
	local ok, stock = pcall(cjson.decode, call('HGET', P .. 'stocks', symbol) or '')
	local price = ok and tonumber(stock.price) or 0
	local at = ok and tonumber(stock.priced_at) or 0
	limit = tonumber(limit)
	local money = nano / 1e9 * (limit and (side == 'buy' or limit > price) and limit or price)
	local cents = math.ceil(money * 100 - 1e-6)
	if passed then return nil, cents end
	local evidence = string.format('%s of %s shares of %s, last price %s of %s; %s', side, nano / 1e9, symbol, price,
		at > 0 and math.floor((now - at) / 1000) .. ' s ago' or 'an unknown time', limit and 'limit ' .. limit or 'market')
	if caps[3] > 0 and (at == 0 or now - at > caps[3] * 1000) then
		return 'the last price of ' .. symbol .. ' is older than caps.max_price_age_s', evidence
	elseif price == 0 and (caps[1] > 0 or caps[4] > 0 or (caps[2] > 0 and limit)) then
		return symbol .. ' has no price to check caps with', evidence
	elseif limit and caps[2] > 0 and is_over(math.abs(limit - price), caps[2] / 100 * price) then
		return 'its limit price is farther from the last price than caps.price_collar_pct', evidence
	elseif is_over(money, caps[1]) then
		return string.format('it is worth %.2f, more than caps.max_block_notional (%s)', money, caps[1]), evidence
	end
	local sent = caps[4] > 0 and tonumber(call('HGET', day_key(broker), 'submitted_cents') or 0) or 0
	if caps[4] > 0 and sent + cents > caps[4] * 100 then
		return string.format('with it %.2f would be sent to %s today, more than its max_daily_notional (%s)',
			(sent + cents) / 100, broker, caps[4]), evidence
	end
	return nil, cents
end

