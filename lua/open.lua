#!lua
-- Names the deployment once and for ever; the name is part of every client_order_id.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     id (taken where there is none yet)
-- RETURNS  ID CREATED_AT
-- WRITES   deployment
-- USES: base
if call('HSETNX', P .. 'deployment', 'id', ARGV[1]) == 1 then call('HSET', P .. 'deployment', 'created_at', now) end
return call('HMGET', P .. 'deployment', 'id', 'created_at')
