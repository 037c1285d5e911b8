#!lua flags=allow-oom
-- Seals the window that is due first: nobody can join or leave any more, and its groups become blocks, a chunk of them a
-- call. Any worker may call it at any time; orders are never walked. A bulk window that was abandoned halfway becomes
-- blocks that only wait to be closed as canceled.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     groups (of one chunk)  retention_ms
-- RETURNS  idle NEXT_IN_MS (-1: no window is open)
--          sealing|sealed WINDOW LANE LATE_MS SEALED GROUPS, then the blocks of this chunk
-- WRITES   window:* windows windows:open windows:working windows:done block:* blocks blocks:* sides:* counts
-- USES: base int need quantity signature count move open_name sides need_window seal_block window_end
local window, due = unpack(call('ZRANGE', P .. 'windows', 0, 0, 'WITHSCORES'))
if not window then return {'idle', -1} end
if tonumber(due) > now then return {'idle', due - now} end

local chunk, retention = tonumber(ARGV[1]), ARGV[2]
local at = P .. 'window:' .. window
local status, lane, due_at, cursor, abandoned, calendar, close_at = unpack(call('HMGET', at, 'status', 'lane', 'due_at',
	'sealed_groups', 'abandoned', 'calendar', 'close_at'))
local groups = call('ZCARD', at .. ':blocks')
need_window(window, status == 'sealing' and cursor or 0, chunk)
if status ~= 'sealing' then
	abandoned = status == 'filling' and '1' or nil
	cursor = 0
	local name = due_at and open_name(lane, due_at, calendar) or ''
	if call('HGET', P .. 'windows:open', name) == window then call('HDEL', P .. 'windows:open', name) end
	call('HSET', at, 'status', 'sealing', 'sealed_at', now, 'sealed_groups', 0, 'blocks_open', groups)
	if abandoned then call('HSET', at, 'abandoned', '1', 'due_at', now) end
end

local blocks = call('ZRANGE', at .. ':blocks', cursor, cursor + chunk - 1)
local shared = {at = at, close_at = close_at, abandoned = abandoned, retention = retention}
for _, block in ipairs(blocks) do seal_block(block, shared) end
cursor = cursor + #blocks
call('HSET', at, 'sealed_groups', cursor)
local result = {'sealing', window, lane, now - due, cursor, groups, unpack(blocks)}
if cursor >= groups then
	result[1] = 'sealed'
	call('ZREM', P .. 'windows', window)
	call('HSET', at, 'status', 'sealed')
	call('UNLINK', at .. ':groups')
	call('ZADD', P .. 'windows:working', due_at or now, window)
	if tonumber(call('HGET', at, 'blocks_open')) == 0 then end_window(window, retention) end
end
return result
