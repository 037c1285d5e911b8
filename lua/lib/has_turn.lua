-- Whether it is the turn of a block of this side that wants one since then.
local function has_turn(keys, since)
	if call('EXISTS', keys.theirs) == 1 then return false end
	local first, at = unpack(call('ZRANGE', keys.their_queue, 0, 0, 'WITHSCORES'))
	if not first then return true end
	return tonumber(at) > since or (tonumber(at) == since and keys.is_sell)
end

