-- Makes blocks that waited for a halt to end due: so many now. Each of them that passes the gate wakes more, so that
-- however many they are no script walks them all.
local function wake_halted(block, most)
	local waiting = P .. 'halts:waiting'
	if call('SCARD', waiting) == 0 then return end
	if block then call('SREM', waiting, block) end
	for _, other in ipairs(call('SPOP', waiting, most)) do
		local status, worker = unpack(call('HMGET', P .. 'block:' .. other, 'status', 'worker'))
		if worker == '' and (status == 'waiting' or status == 'submitting' or status == 'working') then
			call('ZADD', P .. 'blocks', 'XX', now, other)
		end
	end
end

