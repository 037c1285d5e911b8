-- The reason of the halt that a person must confirm, while there is one.
local function awaits_person()
	local good, halt = pcall(cjson.decode, call('HGET', P .. 'halts', 'all') or '{}')
	return good and type(halt) == 'table' and CONFIRMED[halt.code] and halt.reason
end

-- History was lost: nothing is traded until a person confirms. The generation tells those who notice later that it has
-- been noticed.
local function lose(generation, by, reason)
	need('hash', 'halts')
	need('stream', 'halts:log')
	call('HSET', P .. 'deployment', 'generation', int(generation))
	if not awaits_person() then
		put_halt('all', 'generation', by, reason)
	else
		log_halt('halt', 'all', 'generation', by, reason)
	end
	call('PUBLISH', P .. 'changes', 'halt')
end
