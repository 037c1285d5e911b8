#!lua flags=no-writes
-- One window: its hash and a page of its blocks.
--     redis-cli --eval lua/window.lua 'muster:{0}' , WINDOW_ID
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     window_id  from (0)  count (100)
-- RETURNS  {field, value, …}  BLOCKS  {block_id, status, …}; an empty list where there is none
local P = KEYS[1] .. ':'
local key, from = P .. 'window:' .. ARGV[1], tonumber(ARGV[2] or 0)
local fields = redis.call('HGETALL', key)
if #fields == 0 then return {} end
local blocks = {}
for _, id in ipairs(redis.call('ZRANGE', key .. ':blocks', from, from + tonumber(ARGV[3] or 100) - 1)) do
	blocks[#blocks + 1] = id
	blocks[#blocks + 1] = redis.call('HGET', P .. 'block:' .. id, 'status') or 'open'
end
return {fields, redis.call('ZCARD', key .. ':blocks'), blocks}
