/* muster-paper: the broker that Muster trades with where no money is at stake. */
#include "paper/paper.h"

int main(int argc, char **argv)
{
	static const struct program_hooks hooks = {
	    .name = "muster-paper",
	    .purpose = "a paper broker that speaks the Alpaca Trading API v2",
	    .start = paper_start,
	    .drain = paper_drain,
	    .end = paper_end,
	    .uses_keys = true,
	};
	return program_main(argc, argv, &hooks);
}
