-- Codes of halts that a person must name to end them: it must have been understood what happened.
local CONFIRMED = {generation = true}

-- Who halted or resumed what, and why: the last ten thousand times.
local function log_halt(event, scope, code, by, reason)
	call('XADD', P .. 'halts:log', 'MAXLEN', '~', 10000, '*', 'event', event, 'scope', scope, 'code', code, 'by', by,
		'reason', reason)
end

