"use strict";
/* Small line charts as SVG: two lines over the last five minutes, a grid of three, no library. */

const SVG = "http://www.w3.org/2000/svg";
const CHART = { width: 560, height: 150, left: 44, bottom: 18, top: 8, seconds: 300 };

function svg(name, attributes, text) {
	const node = document.createElementNS(SVG, name);
	for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
	if (text !== undefined) node.textContent = text;
	return node;
}

/* The next of 1, 2, 5, 10, … that is not below. */
function roundUp(value) {
	if (!(value > 0)) return 1;
	const power = 10 ** Math.floor(Math.log10(value));
	return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= value * 0.999);
}

function formatNumber(value) {
	if (value >= 10000) return `${Math.round(value / 1000)}k`;
	return value >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(2);
}

/* One line; where a value is missing the line is broken. */
function linePath(points, x, y) {
	let path = "", isDown = false;
	for (const [at, value] of points) {
		if (value === null) { isDown = false; continue; }
		path += `${isDown ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
		isDown = true;
	}
	return path;
}

/* `lines`: [{name, points: [[ms, value or null]], now}], at most two. */
function drawChart(place, lines, unit, nowMs) {
	const box = CHART, root = svg("svg", { viewBox: `0 0 ${box.width} ${box.height}`, preserveAspectRatio: "none", role: "img" });
	const most = roundUp(Math.max(0, ...lines.flatMap((line) => line.points.map((p) => p[1] ?? 0))));
	const x = (at) => box.left + (box.width - box.left) * (1 - (nowMs - at) / 1000 / box.seconds);
	const y = (value) => box.top + (box.height - box.top - box.bottom) * (1 - value / most);
	root.setAttribute("aria-label", lines.map((line) => `${line.name}: ${line.now}`).join(", "));
	for (const part of [0, 0.5, 1]) {
		root.append(svg("line", { class: "grid", x1: box.left, x2: box.width, y1: y(part * most), y2: y(part * most) }));
		root.append(svg("text", { x: box.left - 6, y: y(part * most) + 4, "text-anchor": "end" }, formatNumber(part * most)));
	}
	root.append(svg("text", { x: box.left, y: box.height - 2 }, "5 min ago"));
	root.append(svg("text", { x: box.width, y: box.height - 2, "text-anchor": "end" }, "now"));
	lines.forEach((line, i) => root.append(svg("path", { class: i ? "two" : "one", d: linePath(line.points.filter((p) => nowMs - p[0] < box.seconds * 1000), x, y) })));
	const legend = document.createElement("div");
	legend.className = "legend";
	lines.forEach((line, i) => {
		const item = document.createElement("span"), mark = document.createElement("i"), value = document.createElement("b");
		mark.className = i ? "two" : "one";
		value.textContent = line.now;
		item.append(mark, `${line.name} `, value, ` ${unit}`);
		legend.append(item);
	});
	root.setAttribute("preserveAspectRatio", "xMidYMid meet");
	place.replaceChildren(root, legend);
}
