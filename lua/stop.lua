#!lua flags=allow-oom
-- A person wants no more of a block to be traded: what is not sent stays, what works at the broker is canceled there, and
-- what is filled by then is allocated. A worker does the rest.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     block  note
-- RETURNS  stopped STATUS, or too_late STATUS, or not_found
-- WRITES   block:ID blocks; publishes wake
-- USES: base need
local block = ARGV[1]
local key = P .. 'block:' .. block
local status, resolution = unpack(call('HMGET', key, 'status', 'resolution'))
if not status then return {'not_found'} end
if not ({ready = 1, waiting = 1, submitting = 1, working = 1})[status] then return {'too_late', status} end
if resolution == 'stop' then return {'stopped', status} end
need('zset', 'blocks')
call('HINCRBY', key, 'fence', 1) -- whoever has it in hand must take it anew to know
call('HSET', key, 'resolution', 'stop', 'resolution_note', ARGV[2], 'resolved_at', now, 'updated_at', now, 'worker', '',
	'attempts', 0, 'polls', 0)
call('ZADD', P .. 'blocks', now, block)
call('PUBLISH', P .. 'wake', block)
return {'stopped', status}
