-- Caps on what a user sends within a minute and on the day's money at a broker, where orders are stored: so they hold over
-- all API processes. Where one is on the last argument is `caps ORDERS_PER_MIN [BROKER=CENTS (of a day) …]` and, where a
-- day has a cap, a line `BROKER CENTS` for each order of the call; otherwise there is no such argument, and no cost.
local caps
do
	local most, days, worth = ARGV[#ARGV]:match('^caps (%d+)([^\n]*)\n?(.*)$')
	if most then
		table.remove(ARGV)
		caps = {most = tonumber(most), days = {}, worth = {}, sent = {}, accepted = {}, added = {}}
		for broker, cents in days:gmatch('([%w_]+)=(%d+)') do
			caps.days[broker] = tonumber(cents)
			need('hash', day_key(broker):sub(#P + 1))
		end
		for broker, cents in worth:gmatch('(%S+) (%d+)') do
			caps.worth[#caps.worth + 1] = {broker = broker, cents = tonumber(cents), cap = caps.days[broker]}
		end
	end
end

local function accepted_today(broker)
	caps.accepted[broker] = caps.accepted[broker] or tonumber(call('HGET', day_key(broker), 'accepted_cents') or 0)
	return caps.accepted[broker] + (caps.added[broker] or 0)
end

-- Counts `n` orders of the call, beginning with the `from`-th (from 1). Where a cap does not let them in: nothing is counted,
-- and {over_cap, which of them (from 0; -1: all together), why}.
local function admit(user, from, n)
	if not caps then return nil end
	local sent = caps.sent[user]
	if caps.most > 0 and not sent then sent = call('ZCOUNT', P .. 'user:' .. user .. ':orders', int(now_us - 60000000), '+inf') end
	if caps.most > 0 and sent + n > caps.most then
		return {'over_cap', -1, string.format('%d orders came from the user within 60 s; with %d more they are more than '
			.. 'caps.orders_per_min_per_user (%d)', sent, n, caps.most)}
	end
	local sums = {}
	for i = 0, n - 1 do
		local w = caps.worth[from + i]
		if w and w.cap then
			sums[w.broker] = (sums[w.broker] or 0) + w.cents
			local total = accepted_today(w.broker) + sums[w.broker]
			if total > w.cap then
				return {'over_cap', i, string.format('with it orders of %.2f would be accepted for %s today, more than its '
					.. 'max_daily_notional (%.2f)', total / 100, w.broker, w.cap / 100)}
			end
		end
	end
	caps.sent[user] = sent and sent + n
	for broker, cents in pairs(sums) do caps.added[broker] = (caps.added[broker] or 0) + cents end
	return nil
end

-- Notes with an order what it counted for, so that its cancellation gives it back.
local function note_worth(order, at)
	local w = caps and caps.worth[at]
	if w and w.cap then
		call('HSET', P .. 'order:' .. order, 'worth', int(math.floor(now / DAY_MS)) .. ' ' .. w.broker .. ' ' .. int(w.cents))
	end
end

local function write_admitted()
	for broker, cents in pairs(caps and caps.added or {}) do count_notional(broker, 'accepted_cents', cents) end
end

