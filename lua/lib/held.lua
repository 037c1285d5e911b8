-- The block's fields in the order asked for where `fence` is still the newest claim; nil otherwise: another worker has
-- the block, and whoever asks must not write.
local function held(block, fence, ...)
	local fields = call('HMGET', P .. 'block:' .. block, 'fence', ...)
	if fields[1] ~= fence then return nil end
	return fields
end
