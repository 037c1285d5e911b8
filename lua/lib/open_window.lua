local length, coalesce, max_ahead = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local slots = {immediate = {}, window = {}} -- where requests of this call go, by lane and time asked for

-- When a request falls due: the first point of its lane's grid after now, or the first at or after the time asked for.
local function due_at(lane, asked)
	local step = lane == 'immediate' and coalesce or length
	if asked == '' then return math.floor(now / step) * step + step end
	asked = tonumber(asked)
	if asked <= now then return nil, 'it is past' end
	if asked > now + max_ahead then return nil, 'it is farther ahead than window.max_ahead_s allows' end
	return math.ceil(asked / step) * step
end

-- The slot of a lane and time: `due`, or `why` there is none.
local function slot_for(lane, asked)
	local slot = slots[lane][asked]
	if not slot then
		slot = {lane = lane, orders = 0}
		slot.due, slot.why = due_at(lane, asked)
		slots[lane][asked] = slot
	end
	return slot
end

-- The window that orders join now for this lane and time. One that was made due early gets a successor.
local function open_window(lane, due)
	local name = lane .. ' ' .. int(due)
	local window = call('HGET', P .. 'windows:open', name)
	if window then return window end
	window = lane .. '-' .. int(due)
	if call('EXISTS', P .. 'window:' .. window) == 1 then
		window = window .. '-' .. call('HINCRBY', P .. 'deployment', 'windows', 1)
	end
	call('HSET', P .. 'window:' .. window, 'lane', lane, 'due_at', due, 'status', 'open', 'created_at', now)
	call('HSET', P .. 'windows:open', name, window)
	call('ZADD', P .. 'windows', due, window)
	call('PUBLISH', P .. 'wake', window)
	return window
end
