local BILLION = 1000000000

-- The sum of two, the second one as given, added (1) or taken away (-1).
local function add_quantity(whole, nano, text, sign)
	if not find(text, '.', 1, true) then return whole + sign * tonumber(text), nano end
	local more, more_nano = split_quantity(text)
	whole, nano = whole + sign * more, nano + sign * more_nano
	if nano >= BILLION then return whole + 1, nano - BILLION end
	if nano < 0 then return whole - 1, nano + BILLION end
	return whole, nano
end

-- Their decimal text.
local function quantity_text(whole, nano)
	if nano == 0 then return int(whole) end
	return (string.format('%d.%09d', whole, nano):gsub('0+$', ''))
end

