-- Halts a scope, in place of what halts it already.
local function put_halt(scope, code, by, reason)
	call('HSET', P .. 'halts', scope, string.format('{"since":%s,"code":%s,"by":%s,"reason":%s}', int(now),
		cjson.encode(code), cjson.encode(by), cjson.encode(reason)))
	log_halt('halt', scope, code, by, reason)
	call('PUBLISH', P .. 'wake', 'halt')
end
