#!lua flags=allow-oom
-- A person's word on a block in review: go on as before (retry; past the caps, where one was broken), take what the
-- broker says as it is (adopt), or cancel what is open at the broker and allocate what is filled (cancel). A worker does
-- the rest.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     block  action (retry, adopt, cancel)  note
-- RETURNS  resolved STATUS, or not_in_review STATUS, or not_found
-- WRITES   block:ID blocks blocks:* counts; publishes wake
-- USES: base need stage count move
local block, action = ARGV[1], ARGV[2]
local key = P .. 'block:' .. block
local status, from, orders = unpack(call('HMGET', key, 'status', 'review_from', 'orders'))
if not status then return {'not_found'} end
if status ~= 'needs_review' then return {'not_in_review', status} end
need('hash', 'counts')
need('zset', 'blocks', 'blocks:needs_review', 'blocks:' .. from)
call('HINCRBY', key, 'fence', 1) -- whoever had it before the review must not go on
call('HSET', key, 'resolution', action, 'resolution_note', ARGV[3], 'resolved_at', now, 'updated_at', now, 'attempts', 0,
	'polls', 0)
if call('HDEL', key, 'over_cap') == 1 and action == 'retry' then call('HSET', key, 'caps_passed', 'yes') end
count(tonumber(orders), 'working', ORDER_STATUS[from])
move(block, status, from)
call('ZADD', P .. 'blocks', now, block)
call('PUBLISH', P .. 'wake', block)
return {'resolved', from}
