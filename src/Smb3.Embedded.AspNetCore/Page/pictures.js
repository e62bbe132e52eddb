// The chart of the last minutes, and the picture of connections.
import { bytes, rate } from "./text.js";

const svgNamespace = "http://www.w3.org/2000/svg";

function draw(name, attributes = {}, text = null) {
  const made = document.createElementNS(svgNamespace, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  return made;
}

const Height = 150, Top = 16, Bottom = 18, Span = 5 * 60 * 1000;

function path(points, now, width, value, most) {
  let said = "";
  for (const point of points) {
    const x = width - (now - point.at) / Span * width;
    const y = Height - Bottom - value(point.rate) / most * (Height - Top - Bottom);
    said += `${said === "" ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
  }
  return said;
}

export function chart(place, points, now) {
  const mostBytes = Math.max(1024, ...points.map(point => Math.max(point.rate.in, point.rate.out)));
  const mostRequests = Math.max(10, ...points.map(point => point.rate.requests));
  const last = points.at(-1)?.rate, width = Math.max(280, place.clientWidth); // as wide as it is shown, so that its text is as large as all other
  const picture = draw("svg", {
    viewBox: `0 0 ${width} ${Height}`, role: "img",
    "aria-label": last === undefined ? "Nothing measured yet."
      : `At most ${rate(mostBytes)} and ${mostRequests} requests a second in the last five minutes.`,
  });
  for (const part of [0, 0.5, 1]) {
    const y = Height - Bottom - part * (Height - Top - Bottom);
    picture.append(draw("line", { class: "grid", x1: 0, x2: width, y1: y, y2: y }));
  }
  picture.append(draw("text", { x: 4, y: Top - 4 }, `${bytes(mostBytes)}/s`),
    draw("text", { x: width - 4, y: Top - 4, "text-anchor": "end" }, `${mostRequests} requests/s`),
    draw("text", { x: 4, y: Height - 4 }, "5 min ago"), draw("text", { x: width - 4, y: Height - 4, "text-anchor": "end" }, "now"),
    draw("path", { class: "ops", d: path(points, now, width, one => one.requests, mostRequests) }),
    draw("path", { class: "in", d: path(points, now, width, one => one.in, mostBytes) }),
    draw("path", { class: "out", d: path(points, now, width, one => one.out, mostBytes) }));
  place.replaceChildren(picture);
}

const Row = 40, FewLines = 5;

// Computers on the left, the server's addresses on the right, and a line for each connection between them; one for all where they are many.
export function lines(place, connections, sessions) {
  if (connections.length === 0) { place.replaceChildren(Object.assign(document.createElement("p"), { className: "none", textContent: "nobody" })); return; }
  const protection = new Map(sessions.flatMap(session => session.connections.map(id => [id, session.protection])));
  const hosts = [...new Set(connections.map(one => one.remoteHost))], doors = [...new Set(connections.map(one => one.local))];
  const height = Math.max(hosts.length, doors.length) * Row + 16, width = 900;
  const y = (index, count) => height / count * (index + 0.5);
  const picture = draw("svg", {
    viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `${connections.length} connections of ${hosts.length} computers to ${doors.length} addresses of the server; the table of connections says the same.`,
  });
  for (const [from, host] of hosts.entries()) {
    const users = [...new Set(connections.filter(one => one.remoteHost === host).flatMap(one => one.users))];
    const named = users.length > 3 ? `${users.slice(0, 3).join(", ")} and others` : users.join(", ");
    const [y1, y2] = [y(from, hosts.length), doors.map((_, to) => y(to, doors.length))];
    picture.append(draw("text", { class: "end", x: 300, y: y1 + 4, "text-anchor": "end" }, named === "" ? host : `${named} · ${host}`));
    for (const [to, door] of doors.entries()) {
      const between = connections.filter(one => one.remoteHost === host && one.local === door);
      const bundles = between.length > FewLines ? [between] : between.map(one => [one]);
      bundles.forEach((bundle, nth) => {
        const bend = (nth % 2 === 0 ? 1 : -1) * Math.ceil(nth / 2) * Row / FewLines;
        const moved = bundle.reduce((all, one) => all + one.rate.in + one.rate.out, 0);
        const kinds = [...new Set(bundle.map(one => protection.get(one.id) ?? "nobody"))];
        const line = draw("path", {
          class: kinds.length === 1 ? kinds[0] : "several", "stroke-width": Math.min(9, 1.5 + Math.log2(1 + moved / 65536)).toFixed(1),
          d: `M310 ${y1} C 450 ${y1 + bend}, 450 ${y2[to] + bend}, 590 ${y2[to]}`,
        });
        line.append(draw("title", {}, `${bundle.length === 1 ? bundle[0].remote : host} to ${door}: ${rate(moved)}`));
        picture.append(line);
        if (bundle.length > 1) {
          picture.append(draw("text", { x: 450, y: (y1 + y2[to]) / 2 - 6, "text-anchor": "middle" }, `${bundle.length} connections`));
        }
      });
    }
  }
  doors.forEach((door, index) => picture.append(draw("text", { class: "end", x: 600, y: y(index, doors.length) + 4 }, door)));
  place.replaceChildren(picture);
}
