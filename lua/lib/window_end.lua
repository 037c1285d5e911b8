-- Ends a window whose blocks are all final: from here on it only waits for its expiry.
local function end_window(window, retention)
	local at = P .. 'window:' .. window
	call('HSET', at, 'status', 'done', 'done_at', now)
	call('ZREM', P .. 'windows:working', window)
	call('ZADD', P .. 'windows:done', now, window)
	call('PEXPIRE', at, retention)
	call('PEXPIRE', at .. ':blocks', retention)
	call('PUBLISH', P .. 'done', 'window ' .. window)
end
