#!lua
-- Stores reference data of stocks, a chunk of them a call, each with the time of its price.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     for each stock: symbol  JSON text (an object with at least one field)
-- RETURNS  stored N AT_MS
-- WRITES   stocks; publishes changes
-- USES: base int
local stamp = ',"priced_at":' .. int(now) .. '}'
for i = 2, #ARGV, 2 do ARGV[i] = ARGV[i]:sub(1, -2) .. stamp end
call('HSET', P .. 'stocks', unpack(ARGV))
call('PUBLISH', P .. 'changes', 'stocks')
return {'stored', #ARGV / 2, now}
