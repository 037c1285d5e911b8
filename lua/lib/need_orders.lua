-- What must not be there as something else before orders are stored: their keys, of which one call tells that most are not
-- there at all, the counters, and the indexes of these users (none: the caller sees to that).
local function need_orders(keys, users)
	if keys[1] and call('EXISTS', unpack(keys)) > 0 then
		for _, key in ipairs(keys) do need('hash', key:sub(#P + 1)) end
	end
	for user in pairs(users or {}) do need('zset', 'user:' .. user .. ':orders') end
	need('hash', 'counts', 'deployment')
end

