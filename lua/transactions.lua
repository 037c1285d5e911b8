#!lua flags=no-writes
-- A page of a user's transactions, newest first.
--     redis-cli --eval lua/transactions.lua 'muster:{0}' , USER_ID
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     user_id  before ('' or a score: only older ones)  count (100)
-- RETURNS  for each transaction {SCORE, field, value, …}
local P = KEYS[1] .. ':'
local before = (ARGV[2] or '') ~= '' and '(' .. ARGV[2] or '+inf'
local page = redis.call('ZRANGE', P .. 'user:' .. ARGV[1] .. ':transactions', before, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0,
	tonumber(ARGV[3] or 100), 'WITHSCORES')
local result = {}
for i = 1, #page, 2 do
	local entry = redis.call('XRANGE', P .. 'transactions', page[i], page[i])[1]
	if entry then
		table.insert(entry[2], 1, page[i + 1])
		result[#result + 1] = entry[2]
	end
end
return result
