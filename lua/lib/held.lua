-- The block's fields in the order asked for where `fence` is still the newest claim; nil otherwise: another worker has
-- the block, and whoever asks must not write. The same where it is no hash any more.
local function held(block, fence, ...)
	local fields = redis.pcall('HMGET', P .. 'block:' .. block, 'fence', ...)
	if fields.err or fields[1] ~= fence then return nil end
	return fields
end
