-- Where orders go: the part of routing that needs the time (the rest is src/api/route.c). ARGV[1] to ARGV[7] are the options
-- of windows; then the slots that orders of this call ask for, each
--   lane (window, immediate, large)  rule  asked ("": no time)  calendar ("": always open)  from  until  sessions,
--   then for each session its open and close; `from` and `until` say for which times these are all that matters
local length, coalesce, max_ahead = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local open_delay, rush_before = tonumber(ARGV[4]), tonumber(ARGV[5])
local rush_length, last_before = tonumber(ARGV[6]), tonumber(ARGV[7])

-- The first point of a session's windows after `at`; nil after its last one. A point that would lie in the rush, where the
-- windows are short, is drawn forward to its beginning.
local function point_after(s, at)
	at = math.max(at, s.first - 1)
	if at >= s.last then return nil end
	if at < s.rush then return math.min(math.floor(at / length) * length + length, s.rush) end
	return s.last - math.floor((s.last - at - 1) / rush_length) * rush_length
end

-- For a time that was asked for: a point of that session, or why there is none, with the nearest before and after.
local function route_asked(slot, asked)
	if asked <= now then return {why = 'it is past'} end
	if asked > now + max_ahead then return {why = 'it is farther ahead than window.max_ahead_s allows'} end
	local lane = slot.lane == 'large' and 'large' or nil
	if slot.calendar == '' then return {lane = lane or 'window', due = math.ceil(asked / length) * length, rule = slot.rule} end
	local before, after
	for _, s in ipairs(slot.sessions) do
		local due = asked >= s.open and point_after(s, asked - 1)
		if due then return {lane = lane or (due > s.rush and 'rush' or 'window'), due = due, rule = slot.rule, session = s} end
		if asked < s.open then after = after or point_after(s, s.open - 1) elseif s.last > now then before = s.last end
	end
	return {why = 'the market is closed then', before = before, after = after}
end

-- For as soon as it can be: the rules that look at the clock come before those that the API has looked at.
local function route_next(slot)
	local step = slot.lane == 'window' and length or coalesce
	local soon = math.floor(now / step) * step + step
	if slot.calendar == '' then return {lane = slot.lane, due = soon, rule = slot.rule} end
	if now < slot.from or now >= slot.till then return {is_unknown = true} end
	local later, rule = slot.lane == 'large' and 'large' or 'window', 'closed'
	for _, s in ipairs(slot.sessions) do
		if now < s.open then
			local due = point_after(s, s.open - 1)
			if due then return {lane = later, due = due, rule = rule, session = s} end
		elseif now < s.last then
			local is_rush = now >= s.rush
			rule = is_rush and 'rush' or slot.rule
			if slot.lane == 'window' or (is_rush and slot.lane ~= 'large') then
				return {lane = is_rush and 'rush' or 'window', due = point_after(s, now), rule = rule, session = s}
			end
			if slot.lane == 'large' then soon = math.max(soon, s.first) end
			return {lane = slot.lane, due = math.min(soon, s.last), rule = rule, session = s}
		elseif now < s.close then
			rule = 'closing'
		end
	end
	return {why = 'its calendar knows no session after now'}
end

-- Reads the slots, which begin with their number at ARGV[8], and routes each. Returns them and where ARGV goes on; nil where
-- the sessions that were given do not reach to now: the caller must ask again with those of now.
local function read_slots()
	local slots, a = {}, 9
	for i = 1, tonumber(ARGV[8]) do
		local slot = {lane = ARGV[a], rule = ARGV[a + 1], calendar = ARGV[a + 3], sessions = {}}
		local asked, n = ARGV[a + 2], tonumber(ARGV[a + 6])
		slot.from, slot.till = tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5])
		a = a + 7
		for k = 1, n do
			local open, close = tonumber(ARGV[a]), tonumber(ARGV[a + 1])
			slot.sessions[k] = {open = open, close = close, first = open + open_delay, rush = close - rush_before,
				last = close - last_before}
			a = a + 2
		end
		local routed = asked == '' and route_next(slot) or route_asked(slot, tonumber(asked))
		if routed.is_unknown then return nil end
		routed.calendar = slot.calendar
		slots[i] = routed
	end
	return slots, a
end
