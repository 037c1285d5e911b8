-- Gives a block to a worker, for a lease and with a higher fence; returns {ID, its hash, {{CLIENT_ORDER_ID, its hash} …}}.
local function hand_over(block, worker, lease)
	local key, slices = P .. 'block:' .. block, {}
	call('HINCRBY', key, 'fence', 1)
	call('HSET', key, 'worker', worker)
	call('ZADD', P .. 'blocks', now + lease, block)
	for i, id in ipairs(call('ZRANGE', key .. ':slices', 0, -1)) do
		slices[i] = {id, call('HGETALL', P .. 'slice:' .. id)}
	end
	return {block, call('HGETALL', key), slices}
end
