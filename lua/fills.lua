#!lua flags=allow-oom
-- Stores fills of a block, each once by the broker's own id (FIX ExecID): reported again they change nothing.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     block  fence  then for each fill: id  text (CLIENT_ORDER_ID QUANTITY PRICE AT)
-- RETURNS  stored NEW, or stale
-- WRITES   block:ID:fills
-- USES: base need held
local got = held(ARGV[1], ARGV[2], 'status')
if not got or (got[2] ~= 'submitting' and got[2] ~= 'working') then return {'stale'} end
need('hash', 'block:' .. ARGV[1] .. ':fills')
local new = 0
for a = 3, #ARGV, 2 do
	new = new + call('HSETNX', P .. 'block:' .. ARGV[1] .. ':fills', ARGV[a], ARGV[a + 1])
end
return {'stored', new}
