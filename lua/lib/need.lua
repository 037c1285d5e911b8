-- Refuses, before anything is written, where a key is there as another type than it must be: an error in the middle of a
-- script would leave what was written before it.
local function need(kind, ...)
	for _, name in ipairs({...}) do
		local is = call('TYPE', P .. name).ok
		if is ~= kind and is ~= 'none' then
			error({err = 'WRONGKEY ' .. P .. name .. ' is a ' .. is .. ' and must be a ' .. kind .. '; nothing was written'})
		end
	end
end

