-- What an order's status is while its block has this one.
local ORDER_STATUS = {
	ready = 'sealed', waiting = 'sealed', submitting = 'working', working = 'working', closing = 'working',
	needs_review = 'working',
}

