-- The scripts as they are loaded: with what they share joined in (build/lua).
std = "lua51"
globals = {"redis", "KEYS", "ARGV", "cjson"}
max_line_length = 130
ignore = {"211/now", "211/now_us", "211/time", "211/_"}
