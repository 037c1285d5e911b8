#!lua flags=allow-oom
-- Gives blocks back before their leases end, so that another worker takes them at once, or after a pause.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     pause_ms  then for each block: id  fence
-- RETURNS  how many were given back
-- WRITES   block:ID blocks; publishes wake
-- USES: base need held
need('zset', 'blocks')
local released = 0
for a = 2, #ARGV, 2 do
	local mine = held(ARGV[a], ARGV[a + 1], 'worker')
	if mine and mine[2] and mine[2] ~= '' then
		call('HSET', P .. 'block:' .. ARGV[a], 'worker', '')
		call('ZADD', P .. 'blocks', 'XX', now + ARGV[1], ARGV[a])
		released = released + 1
	end
end
if released > 0 then call('PUBLISH', P .. 'wake', 'released') end
return released
