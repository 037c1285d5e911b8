#!lua flags=allow-oom
-- Looks for orders that a broker shows under our name and this Redis does not know. It is then not the one that sent them,
-- which halts all trading until a person confirms. A person is asked once: about all orders of another deployment, about
-- those of this one up to the newest that was shown. And not before the same one was shown in two looks: one reply may be
-- spoiled. (Unless a person is awaited anyhow: then all that is wrong is told at once.)
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     by  broker  suspect (the one of the last look, or '')  then for each order: client_order_id  submitted_at
-- RETURNS  known
--          suspects NUMBER CLIENT_ORDER_ID     one of them: look again; nothing is written
--          strangers NUMBER CLIENT_ORDER_ID    the suspect is among them: trading is halted
-- WRITES   deployment halts halts:log; publishes wake changes
-- USES: base int need halts put_halt lose
local at_deployment, by, broker = P .. 'deployment', ARGV[1], ARGV[2]
local own, generation = unpack(call('HMGET', at_deployment, 'id', 'generation'))
local asked, newest, number, one, is_sure = {}, {}, 0, nil, false

-- Until when a person was asked about orders of a deployment; 0: never.
local function asked_until(deployment)
	if not asked[deployment] then
		asked[deployment] = tonumber(call('HGET', at_deployment, 'asked:' .. broker .. ':' .. deployment) or 0)
	end
	return asked[deployment]
end

for a = 4, #ARGV, 2 do
	local order, at = ARGV[a], tonumber(ARGV[a + 1])
	local deployment = order:match('^muster%-([^-]*)') or ''
	local is_asked = asked_until(deployment) > 0 and (deployment ~= own or at <= asked_until(deployment))
	if not is_asked and call('EXISTS', P .. 'slice:' .. order) == 0 then
		number, one, is_sure = number + 1, one or order, is_sure or order == ARGV[3]
		newest[deployment] = math.max(newest[deployment] or 1, at)
	end
end
if number == 0 then return {'known'} end
if is_sure then one = ARGV[3] elseif not awaits_person() then return {'suspects', number, one} end
lose((generation or 0) + 1, by,
	'Redis does not know ' .. number .. ' orders that the broker ' .. broker .. ' shows, such as ' .. one)
for deployment, at in pairs(newest) do
	call('HSET', at_deployment, 'asked:' .. broker .. ':' .. deployment, int(at))
end
return {'strangers', number, one}
