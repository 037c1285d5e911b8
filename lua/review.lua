#!lua flags=allow-oom
-- Sets a block aside for a person, with what was seen as evidence.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     block  fence  reason  evidence
-- RETURNS  needs_review, or stale
-- WRITES   block:ID blocks blocks:* sides:* counts; publishes wake
-- USES: base need need_sides stage count move held sides wake_block queue pass_turn review
local got = held(ARGV[1], ARGV[2], 'status')
if not got or not ORDER_STATUS[got[2]] or got[2] == 'needs_review' then return {'stale'} end
local broker, symbol = unpack(call('HMGET', P .. 'block:' .. ARGV[1], 'broker_type', 'symbol'))
need('hash', 'counts')
need_sides(broker, symbol)
need('zset', 'blocks', 'blocks:' .. got[2], 'blocks:needs_review')
call('HSET', P .. 'block:' .. ARGV[1], 'evidence', ARGV[4])
review(ARGV[1], got[2], ARGV[3])
return {'needs_review'}
