-- The slices of ARGV from this place on, which want to leave: those that are due, the ids of those that are so for the first
-- time, and when the next one is. Nothing at all where one of them cannot leave (any more).
local function leaving(from)
	local due, fresh, next_at = {}, {}, nil
	for a = from, #ARGV do
		local status, at = unpack(call('HMGET', P .. 'slice:' .. ARGV[a], 'status', 'due_at'))
		if not RANK[status] or RANK[status] > 1 then return nil end
		at = tonumber(at or 0)
		if at > now then
			next_at = math.min(at, next_at or at)
		else
			due[#due + 1] = {id = ARGV[a], is_new = RANK[status] == 0, at = at}
			if RANK[status] == 0 then fresh[#fresh + 1] = ARGV[a] end
		end
	end
	return due, fresh, next_at
end

-- Stores slices as perhaps sent, and returns their ids.
local function let_go(due, n)
	local ids = {}
	for i = 1, n do
		local key = P .. 'slice:' .. due[i].id
		call('HSET', key, 'sent', 'maybe', 'updated_at', now)
		if due[i].is_new then call('HSET', key, 'status', 'submitting') end
		ids[i] = due[i].id
	end
	return ids
end

