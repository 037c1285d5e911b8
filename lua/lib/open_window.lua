-- The window that orders join now for this lane, time and calendar. One that was made due early gets a successor.
local function open_window(slot)
	local due, calendar, session = int(slot.due), slot.calendar, slot.session
	local name = open_name(slot.lane, due, calendar)
	local window = call('HGET', P .. 'windows:open', name)
	if window then return window end
	window = slot.lane .. (calendar ~= '' and '-' .. calendar:lower():gsub('_', '-') or '') .. '-' .. due
	if call('EXISTS', P .. 'window:' .. window) == 1 then
		window = window .. '-' .. call('HINCRBY', P .. 'deployment', 'windows', 1)
	end
	call('HSET', P .. 'window:' .. window, 'lane', slot.lane, 'due_at', due, 'status', 'open', 'created_at', now)
	if session then
		call('HSET', P .. 'window:' .. window, 'calendar', calendar, 'earliest_at', int(session.first), 'close_at',
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
	places[name] = places[name] or {slot = slot, groups = groups_new(), orders = 0}
	return places[name]
end

-- Opens the windows of all places, and finds the groups that are wanted there.
local function open_places()
	for _, place in pairs(places) do
		place.window = open_window(place.slot)
		read_groups(place.groups, place.window, place.slot.lane)
	end
end

-- Writes what the places have got.
local function write_places()
	for _, place in pairs(places) do
		write_groups(place.groups)
		call('HINCRBY', P .. 'window:' .. place.window, 'orders', place.orders)
	end
end
