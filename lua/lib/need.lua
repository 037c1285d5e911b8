-- What tells at the least cost whether a key is of a kind, or not there at all: otherwise it is an error.
local SIZE_OF = {hash = 'HLEN', zset = 'ZCARD', set = 'SCARD', stream = 'XLEN', string = 'STRLEN'}

-- Refuses, before anything is written, where a key is there as another type than it must be: an error in the middle of a
-- script would leave what was written before it.
local function need(kind, ...)
	for _, name in ipairs({...}) do
		if type(redis.pcall(SIZE_OF[kind], P .. name)) == 'table' then
			error({err = 'WRONGKEY ' .. P .. name .. ' is a ' .. call('TYPE', P .. name).ok .. ' and must be a ' .. kind ..
				'; nothing was written'})
		end
	end
end

