-- What must not be there as something else before orders are stored, asked with few calls: new orders are not there at all.
local order_keys, users_named = {}, {}

-- Says that orders from..to of a request are going to be stored; `user` where his index is not looked at otherwise.
local function want_names(queue_id, from, to, user)
	for i = from, to do order_keys[#order_keys + 1] = P .. 'order:' .. queue_id .. '-' .. i end
	if user then users_named[user] = true end
end

local function need_names()
	if #order_keys > 0 and call('EXISTS', unpack(order_keys)) > 0 then
		for _, key in ipairs(order_keys) do need('hash', key:sub(#P + 1)) end
	end
	for user in pairs(users_named) do need('zset', 'user:' .. user .. ':orders') end
	need('hash', 'counts', 'deployment')
	need('zset', 'windows')
end

