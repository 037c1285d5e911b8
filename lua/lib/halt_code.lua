-- The code of a halt as it is stored; somebody may have written it by hand, in haste, so that anything may stand there.
local function halt_code(text)
	local good, halt = pcall(cjson.decode, text)
	local code = good and type(halt) == 'table' and halt.code
	return type(code) == 'string' and code or 'operator'
end

