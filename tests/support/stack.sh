# Starts and stops a whole Muster on this machine: sourced by `demo` and `run`. Everything is private to one folder, on
# ports that are free, and only what was started here is stopped.

build=${BUILD:-build}
stack_dir=
stack_stocks=conf/stocks.csv # what the paper broker trades
stack_pids=()

say() { printf '%s\n' "$*"; }
fail() {
	printf '%s\n' "$*" >&2
	exit 1
}

# Stops what was started, the last first, each with SIGTERM, and waits for it.
stack_stop() {
	local code=$? i
	set +e # whatever a program's last word is, the others are stopped too
	trap - EXIT INT TERM
	for ((i = ${#stack_pids[@]} - 1; i >= 0; i--)); do
		kill -TERM "${stack_pids[i]}" 2>/dev/null && wait "${stack_pids[i]}" 2>/dev/null
	done
	if [ $code -ne 0 ] && [ -n "$stack_dir" ] && [ "${STACK_QUIET:-0}" = 0 ]; then
		for log in "$stack_dir"/*.log; do
			[ -s "$log" ] && printf '\n--- %s\n' "$log" && tail -n 15 "$log"
		done >&2
	fi
	[ -n "$stack_dir" ] && rm -rf "$stack_dir"
	exit $code
}

# until_true SECONDS WHAT COMMAND...: waits for a condition, in steps of 20 ms.
until_true() {
	local left=$(($1 * 50)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || fail "Waited in vain for $what."
		sleep 0.02
	done
}

# start NAME COMMAND...: in the background, its words in NAME.log.
start() {
	local name=$1
	shift
	"$@" >"$stack_dir/$name.log" 2>&1 &
	stack_pids+=($!)
	eval "pid_$name=$!"
}

# The address that a program says it listens on; fails as soon as the program has ended.
address_of() {
	local pid=pid_$1 line
	for _ in $(seq 500); do
		line=$(sed -n 's/.*event=listening.* address=\([^ ]*\).*/\1/p' "$stack_dir/$1.log" | head -n 1)
		[ -n "$line" ] && printf '%s' "$line" && return
		kill -0 "${!pid}" 2>/dev/null || break
		sleep 0.02
	done
	cat "$stack_dir/$1.log" >&2
	return 1
}

# redis_cli_for URL: how redis-cli is called for it, and what of it may be shown. The password goes into the environment, as
# everybody on the host can read a command line.
redis_cli_for() {
	local scheme=${1%%://*} rest=${1#*://} login='' password
	if [[ ${rest%%[/?]*} == *@* ]]; then
		login=${rest%%@*}
		rest=${rest#*@}
	fi
	redis_shown=$scheme://$rest
	if [ "$scheme" = unix ]; then
		redis_cli=(redis-cli -s "${rest%%\?*}")
		if [[ $rest == *db=* ]]; then redis_cli+=(-n "${rest##*db=}"); fi
	else
		redis_cli=(redis-cli -u "$redis_shown")
	fi
	if [[ $login == *:* ]]; then
		password=${login#*:}
		REDISCLI_AUTH=$(printf '%b' "${password//%/\\x}")
		export REDISCLI_AUTH
		if [ -n "${login%%:*}" ]; then redis_cli+=(--user "${login%%:*}"); fi
	fi
}

stack_brokers=() # more names for the paper broker, each with options of its own (see demo)

# stack_start API_ADDRESS PAPER_ADDRESS [-o OPTION]...: Redis (unless REDIS_URL names one), paper broker, API, two workers.
stack_start() {
	local api=$1 paper=$2 durability=strict
	shift 2
	stack_dir=$(mktemp -d "${TMPDIR:-/tmp}/muster.XXXXXX")
	trap stack_stop EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	if [ -n "${REDIS_URL:-}" ]; then
		redis_url=$REDIS_URL
		durability=relaxed
		redis_cli_for "$REDIS_URL"
	else
		# shellcheck disable=SC2086 # several words on purpose
		start redis ${STACK_REDIS_UNDER:-} redis-server --port 0 --unixsocket "$stack_dir/redis.sock" --dir "$stack_dir" --save '' \
			--appendonly yes --appendfsync "${STACK_FSYNC:-always}" --auto-aof-rewrite-min-size 1gb --maxmemory-policy noeviction
		redis_url="unix://$stack_dir/redis.sock?db=0"
		redis_cli=(redis-cli -s "$stack_dir/redis.sock")
		redis_shown=$redis_url
		until_true 10 "Redis" "${redis_cli[@]}" ping
	fi
	export MUSTER_REDIS_URL=$redis_url
	start paper "$build/muster-paper" -c conf/demo.conf -o "paper.listen=$paper" \
		-o "paper.ledger_file=$stack_dir/ledger.jsonl" -o "paper.stocks_file=$stack_stocks"
	paper_url="http://$(address_of paper)" || exit 1
	local options=(-c conf/demo.conf -o "redis.durability=$durability" -o "broker.paper.base_url=$paper_url" "$@")
	local name
	for name in "${stack_brokers[@]}"; do
		options+=(-o "broker.$name.adapter=alpaca" -o "broker.$name.base_url=$paper_url" -o "broker.$name.timeout_ms=2000")
	done
	start api "$build/muster-api" "${options[@]}" -o "api.listen=$api"
	start worker1 "$build/muster-worker" "${options[@]}"
	start worker2 "$build/muster-worker" "${options[@]}"
	api_url="http://$(address_of api)" || exit 1
	until_true 10 "the API to be ready" curl -sf "$api_url/readyz"
	put "/stocks" text/csv "@conf/stocks.csv" >/dev/null
	put "/users/demo/investments/sc1" application/json '{"value":"25000"}' >/dev/null
}

# put PATH TYPE BODY, post PATH BODY, get PATH: the answer's body; a refusal ends the run with its words.
call() { curl -sS --fail-with-body "$@" || fail "curl $* was refused."; }
put() { call -X PUT -H "Content-Type: $2" --data-binary "$3" "$api_url$1"; }
post() { call -X POST -d "$2" "$api_url$1"; }
get() { call "$api_url$1"; }

# table HEADER...: rows of tab-separated fields from standard input as an aligned table under a header.
table() {
	{
		(IFS=$'\t' && printf '%s\n' "$*")
		cat
	} | column -t -s $'\t' | sed -e 's/^/  /' -e '1s/.*/\x1b[1m&\x1b[0m/' | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9]*m//g'; fi
}
