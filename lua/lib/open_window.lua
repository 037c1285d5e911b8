-- What the first window of a slot is called.
local function window_name(slot)
	local calendar = slot.calendar ~= '' and '-' .. slot.calendar:lower():gsub('_', '-') or ''
	return slot.lane .. calendar .. '-' .. int(slot.due)
end

-- What it is called that has yet to be opened. One that was made due early gets a successor.
local function next_name(slot)
	local window = window_name(slot)
	if call('EXISTS', P .. 'window:' .. window) == 0 then return window end
	return window .. '-' .. int((call('HGET', P .. 'deployment', 'windows') or 0) + 1)
end

-- Opens a window for orders to join.
local function open_window(slot, name)
	local due, session, window = int(slot.due), slot.session, window_name(slot)
	if call('EXISTS', P .. 'window:' .. window) == 1 then
		window = window .. '-' .. call('HINCRBY', P .. 'deployment', 'windows', 1)
	end
	call('HSET', P .. 'window:' .. window, 'lane', slot.lane, 'due_at', due, 'status', 'open', 'created_at', now)
	if session then
		call('HSET', P .. 'window:' .. window, 'calendar', slot.calendar, 'earliest_at', int(session.first), 'close_at',
			int(session.close))
	end
	call('HSET', P .. 'windows:open', name, window)
	call('ZADD', P .. 'windows', due, window)
	call('PUBLISH', P .. 'wake', window)
	return window
end

local places = {} -- the windows that orders of this call join, by name, each once: several slots can come to the same

-- The place of a slot.
local function place_of(slot)
	local name = open_name(slot.lane, int(slot.due), slot.calendar)
	slot.place = places[name] or {slot = slot, groups = groups_new(), orders = 0}
	places[name] = slot.place
	return slot.place
end

-- Finds the window of each place, where it is open already, and the groups that are wanted there.
local function find_places()
	for name, place in pairs(places) do
		place.window = call('HGET', P .. 'windows:open', name) or nil
		local window = place.window or next_name(place.slot)
		place_groups(place.groups, window, place.slot.lane)
		need('hash', 'window:' .. window)
		need('zset', 'window:' .. window .. ':blocks')
		if not place.window then need('zset', 'windows') end
		read_groups(place.groups)
	end
end

-- Opens the windows that are not open yet.
local function open_places()
	for name, place in pairs(places) do
		place.window = place.window or open_window(place.slot, name)
		place_groups(place.groups, place.window, place.slot.lane)
	end
end

-- Writes what the places have got.
local function write_places()
	for _, place in pairs(places) do
		write_groups(place.groups)
		call('HINCRBY', P .. 'window:' .. place.window, 'orders', place.orders)
	end
end
