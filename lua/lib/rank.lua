-- Statuses of slices in the order in which they follow each other; equal ones exclude each other.
local RANK = {
	created = 0, submitting = 1, ambiguous = 1, acked = 2, partially_filled = 3, filled = 4, canceled = 4, expired = 4,
	rejected = 4,
}

