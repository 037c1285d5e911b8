local format = string.format

-- Text of a whole number below 2^53 (tostring would round beyond 14 digits).
local function int(n)
	return format('%d', n)
end
