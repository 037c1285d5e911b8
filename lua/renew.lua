#!lua flags=allow-oom
-- Prolongs the leases of blocks that a worker has in hand.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     lease_ms  then for each block: id  fence
-- RETURNS  for each block 1, or 0 where another worker has it or it has ended
-- WRITES   blocks
-- USES: base need held
need('zset', 'blocks')
local result = {}
for a = 2, #ARGV, 2 do
	local mine = held(ARGV[a], ARGV[a + 1], 'worker')
	mine = mine and mine[2] and mine[2] ~= ''
	if mine then call('ZADD', P .. 'blocks', 'XX', now + ARGV[1], ARGV[a]) end
	result[#result + 1] = mine and 1 or 0
end
return result
