-- Makes blocks that waited for a halt to end due: so many now. Each of them that passes the gate wakes more, so that
-- however many they are no script walks them all.
local function wake_halted(block, most)
	local waiting = P .. 'halts:waiting'
	if call('SCARD', waiting) == 0 then return end
	if block then call('SREM', waiting, block) end
	for _, other in ipairs(call('SPOP', waiting, most)) do
		wake_block(other)
	end
end

