-- wrk's part of the single-order figure: the same kind of body for both servers, another user and symbol each time.
local symbols = {"AAPL", "MSFT", "GOOGL", "AMZN", "NVDA", "TSLA", "META"}
local requests, n = {}, 0

-- All are written before the first is sent: the generator shares the processors with what it measures.
function init()
	math.randomseed(os.time())
	n = math.random(20000)
	for i = 1, 20000 do
		requests[i] = wrk.format("POST", "/trade-queue/queue/order", {["Content-Type"] = "application/json"}, string.format(
			'{"user_id":"user%d","smallcase_id":"sc1","suggestions":[{"symbol":"%s","action":"%s","quantity":%d}]}',
			i, symbols[i % #symbols + 1], math.floor(i / #symbols) % 2 == 0 and "buy" or "sell", i % 20 + 1))
	end
end

function request()
	n = n % #requests + 1
	return requests[n]
end
