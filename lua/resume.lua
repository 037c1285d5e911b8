#!lua
-- Ends halts: that of one broker, or all there are. What waits goes on at once.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     scope (all: every halt, or a broker's name: its own)  by  reason  confirmed (the code of a halt that must be
--          confirmed, or '')
-- RETURNS  resumed SCOPE …
--          not_halted
--          unconfirmed SCOPE CODE   that halt must be confirmed; nothing was ended
-- WRITES   halts halts:log halts:waiting blocks; publishes wake
-- USES: base need halts halt_code wake_block wake_halted
local scope, by, reason, confirmed = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
need('stream', 'halts:log')
need('set', 'halts:waiting')
need('zset', 'blocks')
local result, codes = {'resumed'}, {}
local scopes = scope == 'all' and call('HKEYS', P .. 'halts') or {scope}
table.sort(scopes)
for _, halted in ipairs(scopes) do
	local halt = call('HGET', P .. 'halts', halted)
	if halt then
		local code = halt_code(halt)
		if CONFIRMED[code] and code ~= confirmed then return {'unconfirmed', halted, code} end
		result[#result + 1], codes[halted] = halted, code
	end
end
if #result == 1 then return {'not_halted'} end
for i = 2, #result do
	call('HDEL', P .. 'halts', result[i])
	log_halt('resume', result[i], codes[result[i]], by, reason)
end
wake_halted(nil, 500)
call('PUBLISH', P .. 'wake', 'resume')
return result
