-- wrk's part of the single-order figure: the same kind of body for both servers, another user and symbol each time.
local symbols = {"AAPL", "MSFT", "GOOGL", "AMZN", "NVDA", "TSLA", "META"}
local n = 0

function init()
	math.randomseed(os.time())
	n = math.random(1000000)
end

function request()
	n = n + 1
	return wrk.format("POST", "/trade-queue/queue/order", {["Content-Type"] = "application/json"}, string.format(
		'{"user_id":"user%d","smallcase_id":"sc1","suggestions":[{"symbol":"%s","action":"%s","quantity":%d}]}',
		n % 20000, symbols[n % #symbols + 1], n % 2 == 0 and "buy" or "sell", n % 20 + 1))
end
