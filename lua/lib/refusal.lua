local ASLEEP_MS = 60000 -- of those that stand far behind in a queue

-- The gate's limits as its head has them: {per_min, period, out_ms, caps (nil: none)}.
local function read_limits(text)
	local n = {}
	for word in text:gmatch('%S+') do n[#n + 1] = tonumber(word) end
	return {per_min = n[1], period = n[2] or 60000, out_ms = n[3] or 60000, caps = n[4] and {n[4], n[5], n[6], n[7]}}
end

-- A block takes a turn as a whole, a large one for each slice; what goes out again is still of the same turn.
local function needs_turn(g)
	return not call('ZSCORE', g.sides.mine, g.block) or (g.lane == 'large' and g.due[1].is_new)
end

-- Why nothing of the block `g` may leave, and what to do meanwhile: {why, in_ms, halted, queue (a set to wait in), since (to
-- wait for its turn with, which is the other side's now), score (to wait for tokens with), evidence (a person must look)}.
-- nil: some may, at most g.may.
local function refusal(g)
	local halts = call('HMGET', P .. 'halts', 'all', g.broker)
	if halts[1] or halts[2] then
		local who = halts[1] and 'everything' or g.broker
		return {why = who .. ' is halted', in_ms = g.retry, halted = true, queue = P .. 'halts:waiting'}
	elseif #g.due == 0 then
		return {why = 'its next slice is not due yet', in_ms = g.next_at - now}
	elseif needs_turn(g) and not has_turn(g.sides, g.since) then
		return {why = 'the opposite side of ' .. g.symbol .. ' is in play at ' .. g.broker .. ', by block ' .. in_the_way(g.sides),
			in_ms = g.retry, since = g.since}
	end
	local why, evidence
	if g.is_unsent and g.limits.caps then why, evidence = over_cap(g.block, g.limits.caps) end
	if why then return {why = why, evidence = evidence} end
	g.cents = evidence
	local may, in_ms, score = turn(g)
	g.may = may
	if score then return {why = g.broker .. ' takes no more calls for now', in_ms = in_ms, score = score} end
end

-- Puts the block where it waits; or aside, for a person, whose "retry" lets it pass the caps.
local function stay(g, r)
	if r.evidence then
		call('HSET', g.key, 'over_cap', r.why, 'evidence', r.evidence)
		review(g.block, g.status, r.why)
		return {'needs_review', r.why, r.evidence}
	end
	local is_held = is_at_broker(g.block)
	if r.since then
		call('ZADD', g.sides.my_queue, 'NX', r.since, g.block)
		if not is_held and call('ZRANK', g.sides.my_queue, g.block) >= AWAKE then r.in_ms = ASLEEP_MS end
	end
	call('HSET', g.key, 'reason', r.why, 'updated_at', now)
	call('ZADD', P .. 'blocks', now + (is_held and g.lease or r.in_ms), g.block)
	if r.score then call('ZADD', g.b.key .. ':waiting', r.score, g.block) end
	if not r.score and g.b.key then call('ZREM', g.b.key .. ':waiting', g.block) end
	if not is_held then
		call('HSET', g.key, 'worker', '', 'attempts', 0)
		if r.queue then call('SADD', r.queue, g.block) end
		if g.is_unsent then move(g.block, g.status, 'waiting') end
	end
	return {not is_held and 'wait' or r.since and 'yield' or 'hold', r.in_ms, r.why, r.halted and 'halted' or nil}
end

