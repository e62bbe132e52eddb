// The chart of the last minutes, and the picture of connections.
import { bytes, rate } from "./text.js";

const svgNamespace = "http://www.w3.org/2000/svg";

function draw(name, attributes = {}, text = null) {
  const made = document.createElementNS(svgNamespace, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  return made;
}

const Width = 900, Height = 150, Top = 16, Bottom = 18, Span = 5 * 60 * 1000;

function path(points, now, value, most) {
  let said = "";
  for (const point of points) {
    const x = Width - (now - point.at) / Span * Width;
    const y = Height - Bottom - value(point.rate) / most * (Height - Top - Bottom);
    said += `${said === "" ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
  }
  return said;
}

export function chart(place, points, now) {
  const mostBytes = Math.max(1024, ...points.map(point => Math.max(point.rate.in, point.rate.out)));
  const mostRequests = Math.max(10, ...points.map(point => point.rate.requests));
  const last = points.at(-1)?.rate;
  const picture = draw("svg", {
    viewBox: `0 0 ${Width} ${Height}`, role: "img",
    "aria-label": last === undefined ? "Nothing measured yet."
      : `At most ${rate(mostBytes)} and ${mostRequests} requests a second in the last five minutes.`,
  });
  for (const part of [0, 0.5, 1]) {
    const y = Height - Bottom - part * (Height - Top - Bottom);
    picture.append(draw("line", { class: "grid", x1: 0, x2: Width, y1: y, y2: y }));
  }
  picture.append(draw("text", { x: 4, y: Top - 4 }, `${bytes(mostBytes)}/s`),
    draw("text", { x: Width - 4, y: Top - 4, "text-anchor": "end" }, `${mostRequests} requests/s`),
    draw("text", { x: 4, y: Height - 4 }, "5 min ago"), draw("text", { x: Width - 4, y: Height - 4, "text-anchor": "end" }, "now"),
    draw("path", { class: "ops", d: path(points, now, one => one.requests, mostRequests) }),
    draw("path", { class: "in", d: path(points, now, one => one.in, mostBytes) }),
    draw("path", { class: "out", d: path(points, now, one => one.out, mostBytes) }));
  place.replaceChildren(picture);
}

const Most = 60, Row = 34;

// Computers on the left, the server's addresses on the right, and a line for each connection between them.
export function lines(place, connections, sessions) {
  const shown = connections.slice(0, Most);
  const protection = new Map(sessions.flatMap(session => session.connections.map(id => [id, session])));
  const hosts = [...new Set(shown.map(one => one.remoteHost))], doors = [...new Set(shown.map(one => one.local))];
  if (shown.length === 0) { place.replaceChildren(Object.assign(document.createElement("p"), { className: "none", textContent: "nobody" })); return; }
  const height = Math.max(hosts.length, doors.length) * Row + 16, width = 900;
  const y = (index, count) => height / count * (index + 0.5);
  const picture = draw("svg", {
    viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `${connections.length} connections of ${hosts.length} computers to ${doors.length} addresses of the server; the table of connections says the same.`,
  });
  const seen = new Map();
  for (const one of shown) {
    const [from, to] = [hosts.indexOf(one.remoteHost), doors.indexOf(one.local)], pair = `${from} ${to}`;
    const nth = seen.get(pair) ?? 0;
    seen.set(pair, nth + 1);
    const bend = (nth % 2 === 0 ? 1 : -1) * Math.ceil(nth / 2) * 12;
    const thick = Math.min(9, 1.5 + Math.log2(1 + (one.rate.in + one.rate.out) / 65536));
    const [y1, y2] = [y(from, hosts.length), y(to, doors.length)];
    const line = draw("path", {
      class: protection.get(one.id)?.protection ?? "nobody", "stroke-width": thick.toFixed(1), d: `M310 ${y1} C 450 ${y1 + bend}, 450 ${y2 + bend}, 590 ${y2}`,
    });
    line.append(draw("title", {}, `${one.users.join(", ") || "nobody yet"}: ${one.remote} to ${one.local}, ${rate(one.rate.in)} in, ${rate(one.rate.out)} out`));
    picture.append(line);
  }
  hosts.forEach((host, index) => {
    const users = [...new Set(shown.filter(one => one.remoteHost === host).flatMap(one => one.users))].join(", ");
    picture.append(draw("text", { class: "end", x: 300, y: y(index, hosts.length) + 4, "text-anchor": "end" }, users === "" ? host : `${users} · ${host}`));
  });
  doors.forEach((door, index) => picture.append(draw("text", { class: "end", x: 600, y: y(index, doors.length) + 4 }, door)));
  place.replaceChildren(picture);
}
