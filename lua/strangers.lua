#!lua flags=allow-oom
-- Looks for orders that a broker shows under our name and this Redis does not know. It is then not the one that sent them,
-- which halts all trading until a person confirms. A person is asked once: about all orders of another deployment, about
-- those of this one up to the newest that was shown.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     by  broker  then for each order: client_order_id  submitted_at
-- RETURNS  known, or strangers NUMBER CLIENT_ORDER_ID (one of them)
-- WRITES   deployment halts halts:log; publishes wake changes
-- USES: base int need halts put_halt lose
local at_deployment, by, broker = P .. 'deployment', ARGV[1], ARGV[2]
local own, generation = unpack(call('HMGET', at_deployment, 'id', 'generation'))
local asked, newest, number, one = {}, {}, 0, nil

-- Until when a person was asked about orders of a deployment; 0: never.
local function asked_until(deployment)
	if not asked[deployment] then
		asked[deployment] = tonumber(call('HGET', at_deployment, 'asked:' .. broker .. ':' .. deployment) or 0)
	end
	return asked[deployment]
end

for a = 3, #ARGV, 2 do
	local order, at = ARGV[a], tonumber(ARGV[a + 1])
	local deployment = order:match('^muster%-([^-]*)') or ''
	local is_asked = asked_until(deployment) > 0 and (deployment ~= own or at <= asked_until(deployment))
	if not is_asked and call('EXISTS', P .. 'slice:' .. order) == 0 then
		number, one = number + 1, one or order
		newest[deployment] = math.max(newest[deployment] or 1, at)
	end
end
if number == 0 then return {'known'} end
lose((generation or 0) + 1, by,
	'Redis does not know ' .. number .. ' orders that the broker ' .. broker .. ' shows, such as ' .. one)
for deployment, at in pairs(newest) do
	call('HSET', at_deployment, 'asked:' .. broker .. ':' .. deployment, int(at))
end
return {'strangers', number, one}
