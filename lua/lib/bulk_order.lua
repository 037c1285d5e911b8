-- Orders of a bulk call: each is taken or comes back rejected, by itself.

-- Why an order does not go: `reason` is what the API says; a closed market; a cap. "" where it does.
local function reason_against(signature, user, place, reason)
	if reason == '' then reason = market_refusal(signature) or '' end
	local refusal = reason == '' and admit(user, place, 1)
	return refusal and 'over_cap: ' .. refusal[3] or reason
end

-- Stores orders `from` and on, those of the chunk at ARGV[a]. Returns how many were taken, and how many rejected.
local function store_chunk(groups, queue_id, window, from, a, retention)
	local taken, place = 0, 0
	for at = a, #ARGV, 5 do
		local user, smallcase, signature, quantity, reason = unpack(ARGV, at, at + 4)
		local order, arrival = queue_id .. '-' .. from + place, int(now_us + place)
		local key = P .. 'order:' .. order
		place = place + 1
		reason = reason_against(signature, user, place, reason)
		if reason == '' then
			local block = join_group(groups.found[signature], order, arrival, quantity)
			call('HSET', key, 'user', user, 'smallcase', smallcase, 'quantity', quantity, 'block', block)
			note_close(block, signature)
			note_worth(order, place)
			taken = taken + 1
		else
			call('HSET', key, 'user', user, 'smallcase', smallcase, 'quantity', quantity, 'window', window,
				'group', signature, 'status', 'rejected', 'reason', reason, 'created_at', now, 'updated_at', now)
			call('PEXPIRE', key, retention)
		end
		call('ZADD', P .. 'user:' .. user .. ':orders', arrival, order)
	end
	return taken, place - taken
end
