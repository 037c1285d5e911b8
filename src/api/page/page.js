"use strict";
/* The page: one stream of events in, everything else drawn from the last of them. Nothing is ever put into the document as
 * markup, only as text. */

const $ = (id) => document.getElementById(id);
const state = { hello: null, now: null, skewMs: 0, heardMs: 0, samples: [], drawn: {} };

/* An element with attributes and children; null children are left out. */
function el(name, attributes, ...children) {
	const node = document.createElement(name);
	for (const [key, value] of Object.entries(attributes || {})) {
		if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
		else if (value !== null && value !== undefined) node.setAttribute(key, value);
	}
	node.append(...children.flat().filter((child) => child !== null && child !== undefined).map((child) => child instanceof Node ? child : String(child)));
	return node;
}

/* Redraws a part only where what it shows has changed, so that focus and selection stay. */
function draw(id, value, make) {
	const text = JSON.stringify(value);
	if (state.drawn[id] === text) return;
	state.drawn[id] = text;
	$(id).replaceChildren(...[make()].flat());
}

const pill = (word) => el("span", { class: `pill ${word}` }, word.replaceAll("_", " "));
const clock = (text) => text ? new Date(text).toLocaleTimeString([], { hour12: false }) : "–";
const count = (n) => Number(n).toLocaleString("en");
const plural = (n, word) => `${count(n)} ${word}${n === 1 ? "" : "s"}`;

function table(head, rows, numbers) {
	const cell = (kind) => (value, i) => el(kind, { class: numbers.includes(i) ? "num" : null, scope: kind === "th" ? "col" : null }, value);
	return el("table", {}, el("thead", {}, el("tr", {}, head.map(cell("th")))), el("tbody", {}, rows.map((row) => el("tr", {}, row.map(cell("td"))))));
}

/* ---- calls */

const token = () => sessionStorage.getItem("muster-token");

function headers(more) {
	return token() ? { Authorization: `Bearer ${token()}`, ...more } : { ...more };
}

/* {ok, status, body}; never throws. */
async function call(method, path, body) {
	try {
		const reply = await fetch(path, { method, headers: headers(body ? { "Content-Type": "application/json" } : {}), body: body ? JSON.stringify(body) : undefined });
		const json = await reply.json().catch(() => null);
		return { ok: reply.ok, status: reply.status, body: json, why: json?.errors?.[0]?.detail || json?.detail || `status ${reply.status}` };
	} catch (error) {
		return { ok: false, status: 0, body: null, why: "the API cannot be reached" };
	}
}

/* Asks with the dialog. `act` gets the text and returns what is wrong with it, or nothing. */
function ask({ title, text, label, button, type, act }) {
	const dialog = $("ask"), note = $("ask-note");
	$("ask-title").textContent = title;
	$("ask-text").textContent = text;
	$("ask-label").textContent = label;
	$("ask-yes").textContent = button;
	$("ask-error").textContent = "";
	note.type = type || "text";
	note.value = "";
	dialog.querySelector("form").onsubmit = async (event) => {
		event.preventDefault();
		const wrong = await act(note.value.trim());
		$("ask-error").textContent = wrong || "";
		if (!wrong) dialog.close();
	};
	$("ask-no").onclick = () => dialog.close();
	if (!dialog.open) dialog.showModal();
	note.focus();
}

/* ---- the stream: fetch, because EventSource can send no token */

let retryMs = 500;

function linkIs(word, detail) {
	$("link").className = `pill ${word}`;
	$("link").textContent = word;
	$("stale").hidden = word !== "stale";
	if (word === "stale") $("stale").textContent = detail;
}

function take(name, data) {
	if (name === "hello") {
		state.hello = data;
		state.samples = data.samples;
		$("deployment").textContent = data.deployment ? `deployment ${data.deployment}` : "";
		$("version").textContent = `· version ${data.version}`;
		return;
	}
	state.heardMs = Date.now();
	state.samples = [...state.samples.filter((sample) => sample[0] !== data.sample[0]), data.sample].slice(-300);
	if (data.status) {
		state.now = data;
		state.skewMs = Date.parse(data.status.now) - Date.now();
		linkIs("live");
	} else {
		linkIs("stale", `Redis cannot be asked: ${data.why} What you see is of ${clock(state.now?.status.now)}.`);
	}
	show();
}

/* Takes whole events off the front of the text; returns the rest. */
function takeEvents(text) {
	for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
		const lines = text.slice(0, end).split("\n");
		const field = (name) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
		if (field("data")) take(field("event"), JSON.parse(field("data")));
		text = text.slice(end + 2);
	}
	return text;
}

async function listen() {
	try {
		const reply = await fetch("/events", { headers: headers({ Accept: "text/event-stream" }), cache: "no-store" });
		if (reply.status === 401 || reply.status === 403) {
			askForToken(reply.status === 401 ? "This API wants to know who you are." : "That token may not see this page.");
			return;
		}
		if (!reply.ok) throw new Error(`status ${reply.status}`);
		const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
		let text = "";
		retryMs = 500;
		for (;;) {
			const { done, value } = await reader.read();
			if (done) break;
			text = takeEvents(text + value);
		}
	} catch (error) { /* told below */ }
	linkIs("stale", `The connection is lost; trying again. What you see is of ${clock(state.now?.status.now)}.`);
	setTimeout(listen, retryMs);
	retryMs = Math.min(retryMs * 2, 5000);
}

function askForToken(text) {
	linkIs("stale", "A token is needed.");
	ask({ title: "Token", text: `${text} It is kept until you close this tab.`, label: "Token", button: "Go on", type: "password", act: (value) => {
		sessionStorage.setItem("muster-token", value);
		setTimeout(listen, 0);
	} });
}

/* ---- drawing */

function nextWindow(status) {
	return status.windows.filter((window) => window.status === "open").sort((a, b) => a.due_at.localeCompare(b.due_at))[0];
}

/* Every quarter of a second, between events too. */
function showCountdown() {
	const status = state.now?.status;
	if (!status) return;
	const next = nextWindow(status), now = Date.now() + state.skewMs, lengthMs = state.hello.window_length_s * 1000;
	const dueMs = next ? Date.parse(next.due_at) : Math.ceil(now / lengthMs) * lengthMs;
	const seconds = Math.max(0, Math.ceil((dueMs - now) / 1000));
	const text = seconds >= 3600 ? `${Math.floor(seconds / 3600)}:${String(Math.floor(seconds / 60) % 60).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}` : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
	if ($("countdown").textContent !== text) $("countdown").textContent = text;
	const detail = next ? `due ${clock(next.due_at)} · ${plural(next.orders, "order")} in ${plural(next.groups, "group")}` : `would be due ${clock(dueMs)} · nothing is queued`;
	if ($("next-detail").textContent !== detail) $("next-detail").textContent = detail;
	if (Date.now() - state.heardMs > 5000 && $("link").textContent === "live") linkIs("stale", `Nothing has been heard since ${clock(state.heardMs)}.`);
}

function showFacts(status) {
	const facts = [
		["Orders queued", count(status.orders.queued)], ["Sealed", count(status.orders.sealed)], ["Working", count(status.orders.working)],
		["Filled", count(status.orders.filled)], ["Overdue", status.oldest_overdue_window_s ? `${status.oldest_overdue_window_s} s` : "none", status.oldest_overdue_window_s ? "bad" : null],
		["Blocks to review", count(status.blocks.needs_review), status.blocks.needs_review ? "warn" : null],
		["Workers", count(status.workers.length), status.workers.length ? null : "bad"], ["Not filled", count(status.orders.unfilled + status.orders.rejected + status.orders.canceled)],
	];
	draw("facts", facts, () => facts.map(([name, value, mark]) => el("div", {}, el("dt", {}, name), el("dd", { class: mark }, value))));
}

function showPreview(preview) {
	if (!preview) return; /* not read yet */
	const has = preview && preview.orders > 0;
	$("saved").textContent = has ? count(preview.broker_calls_saved) : "–";
	$("saved-detail").textContent = has ? `${plural(preview.orders, "order")} ${preview.orders === 1 ? "becomes" : "become"} ${plural(preview.broker_calls, "broker call")}` : "Nothing is queued.";
	const rows = (preview?.windows || []).flatMap((window) => window.groups.map((group) => [group.side, group.quantity, group.symbol, count(group.orders), group.estimated_price || "–", group.estimated_notional || "–", group.broker_type, group.lane, clock(window.execution_window)]));
	draw("preview", rows, () => rows.length ? table(["Side", "Quantity", "Symbol", "Orders", "About", "Notional", "Broker", "Lane", "Due"], rows.slice(0, 200), [1, 3, 4, 5]) : el("p", { class: "quiet" }, "No order is queued. Each group of equal orders will show here as the one broker order that it becomes."));
}

function showWindows(windows) {
	const shown = windows.slice(0, 30);
	draw("windows", shown, () => shown.length ? shown.map((window) => el("div", { class: "window" },
		el("div", { class: "row" }, el("span", {}, el("b", {}, window.lane), ` · ${clock(window.due_at)}`), pill(window.status)),
		el("div", { class: "row quiet" }, el("span", {}, `${plural(window.orders, "order")}, ${plural(window.groups, window.blocks === undefined ? "group" : "block")}`), el("span", {}, window.blocks === undefined ? "" : `${count(window.blocks_final)} of ${count(window.blocks)} final`)),
		window.blocks === undefined ? null : el("progress", { max: Math.max(1, window.blocks), value: window.blocks_final, "aria-label": `blocks of ${window.window_id} that are final` }))) : el("p", { class: "quiet" }, "There is none yet."));
}

function showBlocks(status) {
	const blocks = Object.entries(status.blocks).filter(([, n]) => n > 0);
	draw("blocks", blocks, () => el("div", { class: "counts" }, blocks.length ? blocks.map(([word, n]) => el("span", { class: `pill ${word}` }, `${word.replaceAll("_", " ")} ${count(n)}`)) : el("p", { class: "quiet" }, "No block yet.")));
	const workers = status.workers.map((worker) => [worker.id, count(worker.blocks_in_hand), clock(worker.last_seen), clock(worker.started_at)]);
	draw("workers", workers, () => workers.length ? table(["Worker", "In hand", "Last seen", "Since"], workers, [1]) : el("p", { class: "bad-text" }, "No worker is running: orders wait."));
}

function showCharts() {
	const samples = state.samples, now = samples.length ? samples[samples.length - 1][0] : Date.now();
	const rate = (i) => samples.slice(1).map((sample, n) => {
		const before = samples[n], seconds = (sample[0] - before[0]) / 1000;
		return [sample[0], sample[i] === null || before[i] === null || seconds <= 0 ? null : Math.max(0, (sample[i] - before[i]) / seconds)];
	});
	const last = (points) => formatNumber(points.length ? points[points.length - 1][1] ?? 0 : 0);
	const accepted = rate(1), ended = rate(2);
	drawChart($("rate"), [{ name: "accepted", points: accepted, now: last(accepted) }, { name: "ended", points: ended, now: last(ended) }], "/s", now);
	const p50 = samples.map((sample) => [sample[0], sample[3] ? sample[4] : null]), p99 = samples.map((sample) => [sample[0], sample[3] ? sample[5] : null]);
	drawChart($("latency"), [{ name: "99th percentile", points: p99, now: last(p99) }, { name: "median", points: p50, now: last(p50) }], "ms", now);
}

function showHalts(status) {
	const first = status.halts?.[0];
	$("halted").hidden = !status.halted;
	$("halted").textContent = status.halted ? `Trading is halted${first?.broker_type ? ` at ${first.broker_type}` : ""}${first ? `: ${first.reason || first.code}, by ${first.by}, since ${clock(first.since)}` : ""}. Orders are still queued; nothing new is sent.` : "";
	$("halt").disabled = false;
	$("halt").textContent = status.halted ? "Resume trading" : "Halt trading";
}

function show() {
	const { status, preview } = state.now || {};
	if (!status) return;
	showHalts(status);
	showFacts(status);
	showPreview(preview);
	showWindows(status.windows);
	showBlocks(status);
	showCharts();
	showCountdown();
	showReview(status.blocks.needs_review);
}

/* ---- review */

let reviewCount = -1;

async function showReview(n) {
	$("review").hidden = !n;
	if (n === reviewCount) return;
	reviewCount = n;
	if (!n) return;
	const reply = await call("GET", "/blocks?status=needs_review");
	if (!reply.ok) { reviewCount = -1; return; }
	draw("review-list", reply.body.items, () => reply.body.items.map((block) => el("div", { class: "review" },
		el("div", { class: "row" }, el("b", {}, `${block.side} ${block.quantity} ${block.symbol}`), el("span", { class: "quiet" }, `block ${block.block_id} · ${plural(block.orders, "order")} · ${block.broker_type}`)),
		el("p", { class: "evidence" }, block.reason || "", block.evidence ? el("br") : null, block.evidence || ""),
		el("div", { class: "row" }, [["retry", "Try again"], ["adopt", "It is ours"], ["cancel", "Cancel it"]].map(([action, words]) => el("button", { type: "button", onclick: () => resolve(block, action, words) }, words))))));
}

function resolve(block, action, words) {
	ask({ title: `${words}: block ${block.block_id}`, text: "A worker acts on it at once. What you write is kept with the block.", label: "Note", button: words, act: async (note) => {
		if (!note) return "Say why.";
		const reply = await call("POST", `/blocks/${encodeURIComponent(block.block_id)}/resolve`, { action, note });
		reviewCount = -1;
		return reply.ok ? "" : reply.why;
	} });
}

/* ---- halt and resume */

$("halt").onclick = () => {
	const status = state.now.status, isHalted = status.halted, scope = isHalted ? status.halts?.[0] : null;
	ask({
		title: isHalted ? "Resume trading?" : "Halt all trading?",
		text: isHalted ? `Slices are sent again at once${scope?.broker_type ? ` at ${scope.broker_type}` : ""}.` : "Within a second no new slice leaves. Orders are still queued, working slices are still followed.",
		label: "Reason", button: isHalted ? "Resume" : "Halt",
		act: async (reason) => {
			if (!reason) return "Say why.";
			const body = { reason };
			if (scope?.broker_type) body.broker_type = scope.broker_type;
			if (isHalted && scope?.code && scope.code !== "operator") body.confirm = scope.code;
			const reply = await call("POST", isHalted ? "/admin/resume" : "/admin/halt", body);
			return reply.ok ? "" : reply.why;
		},
	});
};

/* ---- look-up */

const HIDDEN = ["slices", "fills", "orders", "house"];

function pairs(object) {
	return el("dl", { class: "pairs" }, Object.entries(object).filter(([key, value]) => !HIDDEN.includes(key) && value !== null && typeof value !== "object").map(([key, value]) => [el("dt", {}, key.replaceAll("_", " ")), el("dd", {}, key === "status" ? pill(value) : value)]));
}

function orderTable(orders) {
	return el("div", { class: "scroll" }, table(["Order", "User", "Side", "Quantity", "Symbol", "Filled", "Price", "Status", "Block"], orders.map((order) => [order.order_id, order.user_id, order.side, order.quantity, order.symbol, order.filled_quantity, order.average_price || "–", pill(order.status), order.block_id || "–"]), [3, 5, 6]));
}

const views = [
	{ path: (id) => `/orders/${id}`, title: "Order", make: (body) => pairs(body) },
	{ path: (id) => `/blocks/${id}`, title: "Block", make: (body) => [pairs(body), el("h3", {}, "Slices"), el("div", { class: "scroll" }, table(["Client order id", "Quantity", "Filled", "Price", "Status"], (body.slices || []).map((slice) => [slice.client_order_id, slice.quantity, slice.filled_quantity, slice.average_price || "–", pill(slice.status)]), [1, 2, 3]))] },
	{ path: (id) => `/trade-queue/queue/order/${id}`, title: "Request", make: (body) => orderTable(body.orders) },
	{ path: (id) => `/users/${id}/orders`, title: "Orders of user", make: (body) => body.items.length ? orderTable(body.items) : null },
];

$("look").onsubmit = async (event) => {
	event.preventDefault();
	const id = $("look-id").value.trim(), place = $("look-result");
	if (!id) return;
	place.replaceChildren(el("p", { class: "quiet" }, "Looking …"));
	const replies = await Promise.all(views.map((view) => call("GET", view.path(encodeURIComponent(id)))));
	const found = views.flatMap((view, i) => {
		const made = replies[i].ok ? view.make(replies[i].body) : null;
		return made ? [el("h3", {}, `${view.title} ${id}`), made].flat() : [];
	});
	const failed = replies.find((reply) => reply.status === 0 || reply.status >= 500);
	place.replaceChildren(...(found.length ? found : [el("p", { class: "quiet" }, failed ? `It cannot be looked up: ${failed.why}.` : `There is no order, block, request or user ${id}.`)]));
};

/* ---- theme */

function setTheme(theme) {
	if (theme) document.documentElement.dataset.theme = theme;
}
setTheme(localStorage.getItem("muster-theme"));
$("theme").onclick = () => {
	const isDark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
	localStorage.setItem("muster-theme", isDark ? "light" : "dark");
	setTheme(isDark ? "light" : "dark");
};

setInterval(showCountdown, 250);
listen();
