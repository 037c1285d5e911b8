#!lua flags=allow-oom
-- Calls to a broker that are no slices ask here whether they may leave (slices ask at the gate), and what the broker said
-- of its limit is told here. Single calls (look-ups, cancels) go first. Lists (what became of many orders, fills) get a
-- quarter of the rate for themselves: no fewer, so that nothing waits for ever to be seen filled, and no more while
-- slices or tokens are short, because who waits for a list has more to ask it for.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     broker  rate_per_min  rate_period_ms  out_ms (the longest that a call can be on its way)
--          limit  remaining  reset_ms (what the broker said last, its minute's end from now; '': nothing)
--          singles  lists (how many ids)  then ids of single calls, of lists, of calls whose replies have come
-- RETURNS  granted SINGLES LISTS IN_MS (when to ask again for the others)
-- WRITES   rate:*
-- USES: base need tokens
local broker, per_min, period, out_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local singles, lists = tonumber(ARGV[8]), tonumber(ARGV[9])
local key = P .. 'rate:' .. broker
need('hash', 'rate:' .. broker)
need('zset', 'rate:' .. broker .. ':out', 'rate:' .. broker .. ':waiting')

for i = 10 + singles + lists, #ARGV do call('ZREM', key .. ':out', ARGV[i]) end
call('ZREMRANGEBYSCORE', key .. ':out', '-inf', now)

-- A later minute's word replaces an earlier one's; within one minute the least counts, as replies may overtake each other.
if ARGV[6] ~= '' then
	local remaining, reset_at = tonumber(ARGV[6]), now + ARGV[7]
	local before, until_at = unpack(call('HMGET', key, 'remaining', 'reset_at'))
	local later = reset_at - tonumber(until_at or -period)
	if later > period / 4 then
		call('HSET', key, 'remaining', remaining, 'reset_at', reset_at)
	elseif later > -period / 4 and remaining < tonumber(before) then
		call('HSET', key, 'remaining', remaining)
	end
	if ARGV[5] ~= '' then call('HSET', key, 'limit', ARGV[5]) end
end

local b = bucket(broker, per_min, period)
local granted = {}
local function grant(from, n)
	for i = 1, n do granted[#granted + 1] = ARGV[from + i - 1] end
	return n
end
local single = grant(10, math.max(0, math.min(singles, b.free)))

local share, share_at = unpack(call('HMGET', key, 'lists', 'lists_at'))
local most = math.max(1, b.size / 4)
share = math.min(most, tonumber(share or most) + math.max(0, now - tonumber(share_at or now)) * b.per_ms / 4)
local is_short = b.free < b.size / 2 or call('EXISTS', key .. ':waiting') == 1
local may = math.floor(math.min(b.free - single, is_short and share or b.free))
local list = grant(10 + singles, math.max(0, math.min(lists, may)))
if list > 0 then call('HSET', key, 'lists', string.format('%.3f', math.max(0, share - list)), 'lists_at', now) end
take_tokens(b, granted, out_ms)

local in_ms = 0
if single < singles or list < lists then
	in_ms = b.free < 1 and tokens_in_ms(b, 1) or math.ceil(math.max(0, 1 - share + list) / (b.per_ms / 4))
	call('HSET', key, 'calls_wait_until', now + in_ms + 1000) -- slices leave one token for them
end
return {'granted', single, list, in_ms}
