#!lua
-- Stores reference data of stocks, a chunk of them a call.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     for each stock: symbol  JSON text
-- RETURNS  stored N
-- WRITES   stocks; publishes changes
-- USES: base
call('HSET', P .. 'stocks', unpack(ARGV))
call('PUBLISH', P .. 'changes', 'stocks')
return {'stored', #ARGV / 2}
