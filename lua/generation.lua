#!lua flags=allow-oom
-- Holds what a process remembers of this Redis against what is here, before the process acts on it: a Redis that came
-- back empty, older, or as another one halts all trading until a person confirms.
--
-- KEYS[1]  PREFIX:{SHARD}
-- ARGV     by  id  generation  blocks  windows (as of the last call; '' and zeroes: nothing is remembered)
--          key  field  least (the last write that was acknowledged to the process: the hash has the field, with at least
--          this number unless least is ''; key '': none)
-- RETURNS  known|lost (a person must confirm)  ID  GENERATION  BLOCKS  WINDOWS  NOW  REASON
-- WRITES   deployment halts halts:log; publishes wake changes
-- USES: base int need halts put_halt lose
local by, key, least = ARGV[1], ARGV[6], ARGV[8]
local was = {id = ARGV[2], generation = tonumber(ARGV[3]), blocks = tonumber(ARGV[4]), windows = tonumber(ARGV[5])}
local id, generation, blocks, windows = unpack(call('HMGET', P .. 'deployment', 'id', 'generation', 'blocks', 'windows'))
local is = {
	id = id or '', generation = tonumber(generation or 0), blocks = tonumber(blocks or 0), windows = tonumber(windows or 0),
}

-- Whether the write that the process saw acknowledged is gone.
local function misses_write()
	if key == '' then return false end
	local value = call('HGET', P .. key, ARGV[7])
	return not value or (least ~= '' and tonumber(value) < tonumber(least))
end

-- What tells that history was lost; nil where nothing does, or somebody has told it before.
local function contradiction()
	if was.id == '' or is.generation > was.generation then return nil end
	if is.id == '' then return 'it is empty, and held deployment ' .. was.id end
	if is.id ~= was.id then return 'it holds deployment ' .. is.id .. ', and held ' .. was.id end
	for _, count in ipairs({'generation', 'blocks', 'windows'}) do
		if is[count] < was[count] then
			return 'it is older than it was: ' .. count .. ' ' .. int(is[count]) .. ', and before ' .. int(was[count])
		end
	end
	if misses_write() then return 'it has lost an acknowledged write: ' .. key .. ' ' .. ARGV[7] end
	return nil
end

local why = contradiction()
if why then
	is.generation = math.max(is.generation, was.generation) + 1
	lose(is.generation, by, 'Redis has lost its history: ' .. why)
end
local reason = awaits_person()
return {reason and 'lost' or 'known', is.id, int(is.generation), int(is.blocks), int(is.windows), int(now), reason or ''}
