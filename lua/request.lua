#!lua flags=no-writes
-- What a queue_id names: how many orders, and where they are.
--     redis-cli --eval lua/request.lua 'muster:{0}' , QUEUE_ID
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     queue_id
-- RETURNS  queue ORDERS DIGEST ('': without a key) USER, or bulk ORDERS DIGEST WINDOW STATUS RECEIVED REQUESTS USER ('': of
--          several users), or not_found; after the same two reads whatever there is
local P = KEYS[1] .. ':'
local window = 'bulk-' .. ARGV[1]
local bulk = redis.call('HMGET', P .. 'window:' .. window, 'total', 'digest', 'status', 'received', 'requests', 'user')
local user, digest, orders = unpack(redis.call('HMGET', P .. 'order:' .. ARGV[1] .. '-0', 'user', 'digest', 'orders'))
if bulk[1] then
	return {'bulk', tonumber(bulk[1]), bulk[2], window, bulk[3], tonumber(bulk[4] or 0), tonumber(bulk[5]), bulk[6] or ''}
end
if not user then return {'not_found'} end
return {'queue', tonumber(orders or 1), digest or '', user}
