-- The name under which a window takes orders: those of different calendars are never one window.
local function open_name(lane, due, calendar)
	return lane .. ' ' .. due .. (calendar and calendar ~= '' and ' ' .. calendar or '')
end

