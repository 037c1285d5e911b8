#!lua flags=allow-oom
-- The kill switch: from now on no new slice leaves any worker for this broker, or for any (see gate). Orders are still
-- taken, windows sealed, and what works at a broker is followed.
--
-- A halt that is there already stays as it is: the first one's who and why count. Only a graver one takes its place: one
-- that a person must confirm before trading goes on (see resume).
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     scope (all, or a broker's name)  code (operator, credentials, generation)  by  reason
-- RETURNS  halted SINCE, or already JSON (the halt that is there)
-- WRITES   halts halts:log; publishes wake
-- USES: base int need halts halt_code put_halt
local scope, code, by, reason = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
need('stream', 'halts:log')
local present = call('HGET', P .. 'halts', scope)
if present and (not CONFIRMED[code] or halt_code(present) == code) then return {'already', present} end
put_halt(scope, code, by, reason)
return {'halted', now}
