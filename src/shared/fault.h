/* Fault points: the moments at which a crash could matter, one row each, for test builds (make FAULT=1) only.
 *
 * In a test build the environment MUSTER_FAULT=NAME:N:KIND[:SUBJECT] arms one of them: at its N-th passing (of that
 * subject, a symbol, where one is given) the program dies (`kill`, SIGKILL), stops (`stop`, SIGSTOP), or the step fails
 * as if its reply had been lost (`error`, where the row says so). A name, number or kind that is none stops the program
 * before it starts. In all other builds the points are nothing at all.
 *
 * tests/support/fault_walk.h walks through all rows by reading this table. */
#ifndef MUSTER_FAULT_H
#define MUSTER_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/err.h"

enum fault_program { FAULT_IN_API, FAULT_IN_WORKER };

/* What must be going on for a point to be passed at all. */
enum fault_scene {
	FAULT_AT_ORDERS,  /* orders are queued, made due, executed */
	FAULT_AT_BULK,	  /* a large bulk call, too */
	FAULT_AT_CANCEL,  /* one of the requests is canceled */
	FAULT_AT_TROUBLE, /* the broker refuses a call, does not answer another, and contradicts: a person resolves */
	FAULT_AT_LARGE,	  /* a large order is sliced over time, and a slice ends before it is filled */
	FAULT_AT_DRAIN	  /* the program is told to end with blocks in hand */
};

/* One piece of work passes it once, or again and again. */
enum fault_passes { FAULT_ONCE, FAULT_AGAIN };

/* Whether the step can fail. */
enum fault_failing { FAULT_ONLY_DEATH, FAULT_OR_ERROR };

/* Constant, name, program, scene, passes, failing, what has happened just before. */
#define FAULT_POINTS(X)                                                                                                \
	X(REQUEST_READ, "request_read", FAULT_IN_API, FAULT_AT_ORDERS, FAULT_ONCE, FAULT_ONLY_DEATH,                   \
	  "a request is read and is good; nothing of it is stored")                                                    \
	X(BATCH_READY, "batch_ready", FAULT_IN_API, FAULT_AT_ORDERS, FAULT_ONCE, FAULT_ONLY_DEATH,                     \
	  "a batch of requests is put together; nothing of it is sent")                                                \
	X(BATCH_STORED, "batch_stored", FAULT_IN_API, FAULT_AT_ORDERS, FAULT_ONCE, FAULT_OR_ERROR,                     \
	  "Redis has stored a batch; no request knows")                                                                \
	X(ACCEPTED, "accepted", FAULT_IN_API, FAULT_AT_ORDERS, FAULT_ONCE, FAULT_ONLY_DEATH,                           \
	  "a request is stored; nothing of its 202 is written")                                                        \
	X(ANSWERED, "answered", FAULT_IN_API, FAULT_AT_ORDERS, FAULT_ONCE, FAULT_ONLY_DEATH,                           \
	  "the 202 is written; it may or may not leave")                                                               \
	X(PROCESS_READY, "process_ready", FAULT_IN_API, FAULT_AT_ORDERS, FAULT_ONCE, FAULT_ONLY_DEATH,                 \
	  "a window is about to be made due")                                                                          \
	X(PROCESS_STORED, "process_stored", FAULT_IN_API, FAULT_AT_ORDERS, FAULT_ONCE, FAULT_OR_ERROR,                 \
	  "a window is made due; the client does not know")                                                            \
	X(BULK_READ, "bulk_read", FAULT_IN_API, FAULT_AT_BULK, FAULT_ONCE, FAULT_ONLY_DEATH,                           \
	  "a bulk call is read and is good; nothing of it is stored")                                                  \
	X(BULK_CHUNK_READY, "bulk_chunk_ready", FAULT_IN_API, FAULT_AT_BULK, FAULT_AGAIN, FAULT_ONLY_DEATH,            \
	  "a chunk of a bulk call is put together and not sent")                                                       \
	X(BULK_CHUNK_STORED, "bulk_chunk_stored", FAULT_IN_API, FAULT_AT_BULK, FAULT_AGAIN, FAULT_OR_ERROR,            \
	  "Redis has stored a chunk of a bulk call")                                                                   \
	X(BULK_LAST_READY, "bulk_last_ready", FAULT_IN_API, FAULT_AT_BULK, FAULT_ONCE, FAULT_ONLY_DEATH,               \
	  "only the last chunk of a bulk call is not sent")                                                            \
	X(BULK_STORED, "bulk_stored", FAULT_IN_API, FAULT_AT_BULK, FAULT_ONCE, FAULT_ONLY_DEATH,                       \
	  "Redis has stored the whole bulk call; nobody waits for its end yet")                                        \
	X(BULK_RESULT, "bulk_result", FAULT_IN_API, FAULT_AT_BULK, FAULT_ONCE, FAULT_ONLY_DEATH,                       \
	  "the answer to a bulk call is known; nothing of it is written")                                              \
	X(CANCEL_READY, "cancel_ready", FAULT_IN_API, FAULT_AT_CANCEL, FAULT_ONCE, FAULT_ONLY_DEATH,                   \
	  "a cancellation is about to be stored")                                                                      \
	X(CANCEL_STORED, "cancel_stored", FAULT_IN_API, FAULT_AT_CANCEL, FAULT_ONCE, FAULT_OR_ERROR,                   \
	  "a cancellation is stored; the client does not know")                                                        \
	X(RESOLVE_READY, "resolve_ready", FAULT_IN_API, FAULT_AT_TROUBLE, FAULT_ONCE, FAULT_ONLY_DEATH,                \
	  "a person's word on a block in review is about to be stored")                                                \
	X(RESOLVE_STORED, "resolve_stored", FAULT_IN_API, FAULT_AT_TROUBLE, FAULT_ONCE, FAULT_OR_ERROR,                \
	  "a person's word is stored; the person does not know")                                                       \
	X(STOP_READY, "stop_ready", FAULT_IN_API, FAULT_AT_LARGE, FAULT_ONCE, FAULT_ONLY_DEATH,                        \
	  "that no more of a block is to be traded is about to be stored")                                             \
	X(STOP_STORED, "stop_stored", FAULT_IN_API, FAULT_AT_LARGE, FAULT_ONCE, FAULT_OR_ERROR,                        \
	  "that no more of a block is to be traded is stored; the person does not know")                               \
	X(HALT_READY, "halt_ready", FAULT_IN_API, FAULT_AT_TROUBLE, FAULT_AGAIN, FAULT_ONLY_DEATH,                     \
	  "a halt, or a resume, is about to be stored")                                                                \
	X(HALT_STORED, "halt_stored", FAULT_IN_API, FAULT_AT_TROUBLE, FAULT_AGAIN, FAULT_OR_ERROR,                     \
	  "a halt, or a resume, is stored; the person does not know")                                                  \
	X(SEAL_READY, "seal_ready", FAULT_IN_WORKER, FAULT_AT_BULK, FAULT_AGAIN, FAULT_ONLY_DEATH,                     \
	  "a chunk of a window is about to be sealed")                                                                 \
	X(SEALED, "sealed", FAULT_IN_WORKER, FAULT_AT_BULK, FAULT_AGAIN, FAULT_ONLY_DEATH,                             \
	  "Redis has sealed a chunk of a window")                                                                      \
	X(CLAIM_READY, "claim_ready", FAULT_IN_WORKER, FAULT_AT_ORDERS, FAULT_AGAIN, FAULT_ONLY_DEATH,                 \
	  "blocks are about to be claimed")                                                                            \
	X(CLAIMED, "claimed", FAULT_IN_WORKER, FAULT_AT_ORDERS, FAULT_AGAIN, FAULT_ONLY_DEATH,                         \
	  "blocks are claimed; nothing is done with them")                                                             \
	X(PLAN_READY, "plan_ready", FAULT_IN_WORKER, FAULT_AT_ORDERS, FAULT_AGAIN, FAULT_ONLY_DEATH,                   \
	  "the slices of a block are planned; none is stored")                                                         \
	X(PLANNED, "planned", FAULT_IN_WORKER, FAULT_AT_ORDERS, FAULT_AGAIN, FAULT_OR_ERROR,                           \
	  "Redis has the slices of a block; none may leave yet")                                                       \
	X(REPLAN_READY, "replan_ready", FAULT_IN_WORKER, FAULT_AT_LARGE, FAULT_AGAIN, FAULT_ONLY_DEATH,                \
	  "what a slice has left is to go to later ones; nothing of that is stored")                                   \
	X(REPLANNED, "replanned", FAULT_IN_WORKER, FAULT_AT_LARGE, FAULT_AGAIN, FAULT_OR_ERROR,                        \
	  "Redis has the new plan of a large block")                                                                   \
	X(GATE_READY, "gate_ready", FAULT_IN_WORKER, FAULT_AT_TROUBLE, FAULT_AGAIN, FAULT_ONLY_DEATH,                  \
	  "slices want to leave; no intent is stored")                                                                 \
	X(GATE_PASSED, "gate_passed", FAULT_IN_WORKER, FAULT_AT_TROUBLE, FAULT_AGAIN, FAULT_OR_ERROR,                  \
	  "Redis has the intent to send slices, or has made their block wait")                                         \
	X(SUBMIT_READY, "submit_ready", FAULT_IN_WORKER, FAULT_AT_ORDERS, FAULT_AGAIN, FAULT_ONLY_DEATH,               \
	  "the lease holds and a slice is about to be handed to the broker's adapter")                                 \
	X(SUBMIT_CONNECTED, "submit_connected", FAULT_IN_WORKER, FAULT_AT_ORDERS, FAULT_AGAIN, FAULT_ONLY_DEATH,       \
	  "the broker is connected; the first byte of a submit has not left")                                          \
	X(SUBMIT_HALF, "submit_half", FAULT_IN_WORKER, FAULT_AT_ORDERS, FAULT_AGAIN, FAULT_ONLY_DEATH,                 \
	  "half of a submit's body has left")                                                                          \
	X(SUBMIT_SENT, "submit_sent", FAULT_IN_WORKER, FAULT_AT_ORDERS, FAULT_AGAIN, FAULT_ONLY_DEATH,                 \
	  "a submit has left whole and the broker has acted on it; its reply is not read")                             \
	X(SUBMITS_ANSWERED, "submits_answered", FAULT_IN_WORKER, FAULT_AT_TROUBLE, FAULT_AGAIN, FAULT_ONLY_DEATH,      \
	  "the broker has answered a round of submits and look-ups; nothing is recorded")                              \
	X(RECORD_READY, "record_ready", FAULT_IN_WORKER, FAULT_AT_ORDERS, FAULT_AGAIN, FAULT_ONLY_DEATH,               \
	  "what the broker told is about to be recorded")                                                              \
	X(RECORDED, "recorded", FAULT_IN_WORKER, FAULT_AT_ORDERS, FAULT_AGAIN, FAULT_OR_ERROR,                         \
	  "Redis has what the broker told")                                                                            \
	X(FOLLOWED, "followed", FAULT_IN_WORKER, FAULT_AT_ORDERS, FAULT_AGAIN, FAULT_ONLY_DEATH,                       \
	  "the broker has told the state of slices that work; nothing is recorded")                                    \
	X(REVIEW_READY, "review_ready", FAULT_IN_WORKER, FAULT_AT_TROUBLE, FAULT_ONCE, FAULT_ONLY_DEATH,               \
	  "a block is about to be set aside for a person")                                                             \
	X(REVIEWED, "reviewed", FAULT_IN_WORKER, FAULT_AT_TROUBLE, FAULT_ONCE, FAULT_ONLY_DEATH,                       \
	  "a block is set aside for a person")                                                                         \
	X(FILLS_TOLD, "fills_told", FAULT_IN_WORKER, FAULT_AT_ORDERS, FAULT_AGAIN, FAULT_ONLY_DEATH,                   \
	  "the broker has told a block's fills; none is stored")                                                       \
	X(FILLS_STORED, "fills_stored", FAULT_IN_WORKER, FAULT_AT_ORDERS, FAULT_AGAIN, FAULT_OR_ERROR,                 \
	  "Redis has fills of a block")                                                                                \
	X(CLOSE_READY, "close_ready", FAULT_IN_WORKER, FAULT_AT_ORDERS, FAULT_AGAIN, FAULT_ONLY_DEATH,                 \
	  "a block's totals are known and not stored")                                                                 \
	X(CLOSED, "closed", FAULT_IN_WORKER, FAULT_AT_ORDERS, FAULT_AGAIN, FAULT_OR_ERROR,                             \
	  "Redis has a block's totals; no order has its share")                                                        \
	X(STATEMENT_READ, "statement_read", FAULT_IN_WORKER, FAULT_AT_BULK, FAULT_AGAIN, FAULT_ONLY_DEATH,             \
	  "a page of a block's statement is read")                                                                     \
	X(ALLOCATE_READY, "allocate_ready", FAULT_IN_WORKER, FAULT_AT_BULK, FAULT_AGAIN, FAULT_ONLY_DEATH,             \
	  "a chunk of shares is about to be posted")                                                                   \
	X(ALLOCATED, "allocated", FAULT_IN_WORKER, FAULT_AT_BULK, FAULT_AGAIN, FAULT_OR_ERROR,                         \
	  "Redis has posted a chunk of shares")                                                                        \
	X(FINISH_READY, "finish_ready", FAULT_IN_WORKER, FAULT_AT_ORDERS, FAULT_AGAIN, FAULT_ONLY_DEATH,               \
	  "every order of a block has its share; the block has not ended")                                             \
	X(FINISHED, "finished", FAULT_IN_WORKER, FAULT_AT_ORDERS, FAULT_AGAIN, FAULT_OR_ERROR,                         \
	  "Redis has ended a block")                                                                                   \
	X(RELEASE_READY, "release_ready", FAULT_IN_WORKER, FAULT_AT_DRAIN, FAULT_ONCE, FAULT_ONLY_DEATH,               \
	  "the program drains and is about to give a block back")                                                      \
	X(RELEASED, "released", FAULT_IN_WORKER, FAULT_AT_DRAIN, FAULT_ONCE, FAULT_ONLY_DEATH,                         \
	  "the program drains and has given a block back")

enum fault_id {
#define X(constant, name, program, scene, passes, failing, what) FAULT_##constant,
	FAULT_POINTS(X)
#undef X
	    FAULT_COUNT
};

struct fault_point {
	const char *name;
	enum fault_program program;
	enum fault_scene scene;
	enum fault_passes passes;
	enum fault_failing failing;
	const char *what;
};

/* The table, in test builds only. */
extern const struct fault_point fault_points[FAULT_COUNT];

#ifdef MUSTER_FAULTS

/* Reads MUSTER_FAULT for the program of this name ("muster-api"); false, with a message on standard error, where it is
 * wrong. */
bool fault_arm(const char *program);

/* Passes a point; true where the step is to fail. `subject` may be NULL. */
bool fault_pass(enum fault_id id, const char *subject);

/* The error of a step that was made to fail: a reply that never came. */
const struct err *fault_error(void);

#define FAULT_ARM(program)	       fault_arm(program)
#define FAULT_POINT(constant, subject) ((void)fault_pass(FAULT_##constant, subject))
#define FAULT_POINT_OR(constant, subject, failure)                                                                     \
	do {                                                                                                           \
		if (fault_pass(FAULT_##constant, subject)) {                                                           \
			failure;                                                                                       \
		}                                                                                                      \
	} while (0)

#else

#define FAULT_ARM(program)			   true
#define FAULT_POINT(constant, subject)		   ((void)0)
#define FAULT_POINT_OR(constant, subject, failure) ((void)0)

#endif

#endif
