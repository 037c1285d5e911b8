local length, coalesce, max_ahead = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

-- When a request falls due: the first point of its lane's grid after now, or the first at or after the time asked for.
local function due_at(lane, asked)
	local step = lane == 'immediate' and coalesce or length
	if asked == '' then return math.floor(now / step) * step + step end
	asked = tonumber(asked)
	if asked <= now then return nil, 'it is past' end
	if asked > now + max_ahead then return nil, 'it is farther ahead than window.max_ahead_s allows' end
	return math.ceil(asked / step) * step
end

local windows = {} -- found or made in this call, by name

-- The window that orders join now for this lane and time. One that was made due early gets a successor.
local function open_window(lane, due)
	local name = lane .. ' ' .. int(due)
	local window = windows[name] or call('HGET', P .. 'windows:open', name)
	if window then
		windows[name] = window
		return window
	end
	window = lane .. '-' .. int(due)
	if call('EXISTS', P .. 'window:' .. window) == 1 then
		window = window .. '-' .. call('HINCRBY', P .. 'deployment', 'windows', 1)
	end
	call('HSET', P .. 'window:' .. window, 'lane', lane, 'due_at', due, 'status', 'open', 'created_at', now)
	call('HSET', P .. 'windows:open', name, window)
	call('ZADD', P .. 'windows', due, window)
	call('PUBLISH', P .. 'wake', window)
	windows[name] = window
	return window
end

