/* Worked examples of allocation, figure by figure: quantities and prices as decimal text, money in cents. */
#ifndef TESTS_UNIT_ALLOCATION_VECTORS_H
#define TESTS_UNIT_ALLOCATION_VECTORS_H

#define VECTOR_ROWS 3

struct allocation_vector {
	const char *name;
	const char *note;
	const char *lot;
	long long fee_minor;
	struct {
		const char *id, *quantity;
	} orders[VECTOR_ROWS];
	struct {
		const char *quantity, *price;
	} fills[VECTOR_ROWS]; /* ended by one without a quantity */
	const char *filled;
	const char *average_price;
	long long gross_minor;
	struct {
		const char *id, *quantity;
		long long gross_minor, fee_minor;
	} expected[VECTOR_ROWS];
	struct {
		const char *excess, *dust;
		long long gross_minor;
	} house;
};

static const struct allocation_vector allocation_vectors[] = {
    {
	.name = "V1-full",
	.note = "seed example, fully filled",
	.lot = "1",
	.fee_minor = 0,
	.orders = {{"A", "100"}, {"B", "50"}, {"C", "75"}},
	.fills = {{"225", "190.25"}},
	.filled = "225",
	.average_price = "190.25",
	.gross_minor = 4280625,
	.expected = {{"A", "100", 1902500, 0}, {"B", "50", 951250, 0}, {"C", "75", 1426875, 0}},
	.house = {"0", "0", 0},
    },
    {
	.name = "V2-partial-whole",
	.note = "seed example, 100 of 225 filled, whole-share lot",
	.lot = "1",
	.fee_minor = 100,
	.orders = {{"A", "100"}, {"B", "50"}, {"C", "75"}},
	.fills = {{"100", "190.25"}},
	.filled = "100",
	.average_price = "190.25",
	.gross_minor = 1902500,
	.expected = {{"A", "45", 856125, 45}, {"B", "22", 418550, 22}, {"C", "33", 627825, 33}},
	.house = {"0", "0", 0},
    },
    {
	.name = "V3-partial-frac",
	.note = "same fill, 9-decimal lot",
	.lot = "0.000000001",
	.fee_minor = 100,
	.orders = {{"A", "100"}, {"B", "50"}, {"C", "75"}},
	.fills = {{"100", "190.25"}},
	.filled = "100",
	.average_price = "190.25",
	.gross_minor = 1902500,
	.expected = {{"A", "44.444444445", 845555, 45},
		     {"B", "22.222222222", 422778, 22},
		     {"C", "33.333333333", 634167, 33}},
	.house = {"0", "0", 0},
    },
    {
	.name = "V4-tie",
	.note = "equal orders, 1 share filled: tie goes to lowest seq",
	.lot = "1",
	.fee_minor = 10,
	.orders = {{"A", "10"}, {"B", "10"}, {"C", "10"}},
	.fills = {{"1", "50"}},
	.filled = "1",
	.average_price = "50",
	.gross_minor = 5000,
	.expected = {{"A", "1", 5000, 10}, {"B", "0", 0, 0}, {"C", "0", 0, 0}},
	.house = {"0", "0", 0},
    },
    {
	.name = "V5-avgprice",
	.note = "three executions, one average price for all, fee 0.10",
	.lot = "1",
	.fee_minor = 10,
	.orders = {{"A", "100"}, {"B", "50"}, {"C", "75"}},
	.fills = {{"100", "10.00"}, {"50", "10.01"}, {"75", "10.03"}},
	.filled = "225",
	.average_price = "10.012222222",
	.gross_minor = 225275,
	.expected = {{"A", "100", 100122, 5}, {"B", "50", 50061, 2}, {"C", "75", 75092, 3}},
	.house = {"0", "0", 0},
    },
    {
	.name = "V6-alabama-10",
	.note = "6/6/2 with 10 filled",
	.lot = "1",
	.fee_minor = 0,
	.orders = {{"A", "6"}, {"B", "6"}, {"C", "2"}},
	.fills = {{"10", "20"}},
	.filled = "10",
	.average_price = "20",
	.gross_minor = 20000,
	.expected = {{"A", "4", 8000, 0}, {"B", "4", 8000, 0}, {"C", "2", 4000, 0}},
	.house = {"0", "0", 0},
    },
    {
	.name = "V6-alabama-11",
	.note = "6/6/2 with 11 filled: C falls from 2 to 1 (house-monotonicity failure) -> never bind leftovers before "
		"the block is terminal",
	.lot = "1",
	.fee_minor = 0,
	.orders = {{"A", "6"}, {"B", "6"}, {"C", "2"}},
	.fills = {{"11", "20"}},
	.filled = "11",
	.average_price = "20",
	.gross_minor = 22000,
	.expected = {{"A", "5", 10000, 0}, {"B", "5", 10000, 0}, {"C", "1", 2000, 0}},
	.house = {"0", "0", 0},
    },
    {
	.name = "V7-overfill",
	.note = "broker filled 230 of 225: cap at requested, 5 to error account",
	.lot = "1",
	.fee_minor = 0,
	.orders = {{"A", "100"}, {"B", "50"}, {"C", "75"}},
	.fills = {{"230", "190.25"}},
	.filled = "230",
	.average_price = "190.25",
	.gross_minor = 4375750,
	.expected = {{"A", "100", 1902500, 0}, {"B", "50", 951250, 0}, {"C", "75", 1426875, 0}},
	.house = {"5", "0", 95125},
    },
};

#endif
