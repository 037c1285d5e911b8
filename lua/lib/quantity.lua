-- Quantities as two numbers, whole units and nanos: each stays far below 2^53, up to which Lua's numbers are exact.

local find, tonumber = string.find, tonumber

-- The two of a decimal text.
local function split_quantity(text)
	local dot = find(text, '.', 1, true)
	if not dot then return tonumber(text), 0 end
	return tonumber(text:sub(1, dot - 1)), tonumber((text:sub(dot + 1) .. '000000000'):sub(1, 9))
end

-- As an integer of 10^-9, in text.
local function nano_text(whole, nano)
	return whole == 0 and int(nano) or string.format('%d%09d', whole, nano)
end

