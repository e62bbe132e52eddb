// Shows what the server sends, each time it does.
import { chart, lines } from "./pictures.js";
import { LiveTable, make, sub, tag } from "./table.js";
import { bytes, counted, duration, rate } from "./text.js";

const find = id => document.getElementById(id);
const filter = find("filter"), state = find("state");
let view = null, skew = 0;

const age = since => duration((Date.now() + skew - new Date(since)) / 1000);
const when = since => make("time", { dateTime: since, title: new Date(since).toLocaleString() }, age(since));
const caching = kept => ["read", "write", "handle"].filter(one => kept[one]).map(one => one[0].toUpperCase()).join("");
const protections = { sealed: "encrypted", signed: "signed", mixed: "partly protected", plain: "not protected" };

async function ask(end, thing, button) {
  const dialog = find("confirm");
  find("confirm-title").textContent = end.title(thing);
  find("confirm-text").textContent = end.text(thing);
  find("confirm-yes").textContent = end.verb;
  dialog.returnValue = "no";
  dialog.showModal();
  await new Promise(done => dialog.addEventListener("close", done, { once: true }));
  if (dialog.returnValue !== "yes") { button.focus(); return; }
  button.disabled = true;
  const [kind, id] = end.about(thing);
  try {
    const answer = await fetch(`end/${kind}/${encodeURIComponent(id)}`, { method: "POST", headers: { "X-Smb-Monitor": "1" } });
    if (!answer.ok && answer.status !== 404) say(`That was refused: ${answer.status} ${await answer.text()}`, false);
  } catch (error) { say(`The server cannot be reached: ${error.message}`, false); }
  button.disabled = false;
}

function say(text, isLive) { state.textContent = text; state.className = isLive ? "live" : ""; }

const people = new LiveTable("people", "People", null, [
  { head: "user", show: one => [one.user, sub(one.dialect)], by: one => one.user },
  { head: "computer", show: one => [one.computer, sub(one.addresses.join(", "))], by: one => one.computer || one.addresses[0] || "" },
  { head: "protection", show: one => [tag(protections[one.protection], one.protection), sub(one.algorithm)], by: one => one.protection },
  { head: "shares", kind: "wide", show: one => one.shares.join(", "), by: one => one.shares.join() },
  { head: "open", kind: "n", show: one => `${one.openCount}`, by: one => one.openCount },
  { head: "in", kind: "n", show: one => rate(one.rate.in), by: one => one.rate.in },
  { head: "out", kind: "n", show: one => rate(one.rate.out), by: one => one.rate.out },
  { head: "for", kind: "n", show: one => when(one.since), by: one => -new Date(one.since) },
], {
  verb: "Log off", title: one => `Log off ${one.user}?`, about: one => ["session", one.id],
  text: one => `${counted(one.openCount, "open file")} will be closed. What the computer has not sent yet is lost. The user may log on again.`,
}, ask);

const shares = new LiveTable("shares", "Shares", null, [
  { head: "share", show: one => [one.name, one.comment === "" ? null : sub(one.comment)], by: one => one.name },
  { head: "notes", show: one => [one.isAvailable ? null : tag("not there", "bad"), ...one.notes.flatMap(note => [" ", tag(note)])] },
  { head: "used by", kind: "n", show: one => `${one.uses}`, by: one => one.uses },
  { head: "open", kind: "n", show: one => `${one.openCount}`, by: one => one.openCount },
  { head: "read", kind: "n", show: one => rate(one.rate.out), by: one => one.rate.out },
  { head: "written", kind: "n", show: one => rate(one.rate.in), by: one => one.rate.in },
  { head: "room", show: one => one.totalBytes === undefined ? "" : [
      make("meter", { min: 0, max: one.totalBytes, high: one.totalBytes * 0.9, value: one.totalBytes - one.freeBytes, attributes: { "aria-label": `used of ${one.name}` } }),
      sub(`${bytes(one.freeBytes)} free of ${bytes(one.totalBytes)}`)],
    by: one => one.freeBytes ?? -1 },
], null, ask);

const files = new LiveTable("files", "Open files", null, [
  { head: "path", kind: "wide", show: one => one.path, by: one => one.path },
  { head: "kind", show: one => one.kind, by: one => one.kind },
  { head: "user", show: one => [one.user, one.session === undefined ? sub("client away") : null], by: one => one.user },
  { head: "access", show: one => one.access, by: one => one.access },
  { head: "lease", show: one => caching(one.caching), by: one => caching(one.caching) },
  { head: "for", kind: "n", show: one => when(one.since), by: one => -new Date(one.since) },
], {
  verb: "Close", title: one => `Close ${one.path}?`, about: one => ["open", one.id],
  text: one => `${one.user || "Its client"} is not asked. What has not been written yet is lost.`,
}, ask);

const connections = new LiveTable("connections", "Connections", null, [
  { head: "from", show: one => one.remote, by: one => one.remote },
  { head: "to", show: one => one.local, by: one => one.local },
  { head: "users", kind: "wide", show: one => one.users.join(", ") || "nobody yet", by: one => one.users.join() },
  { head: "dialect", show: one => one.dialect, by: one => one.dialect },
  { head: "waiting", kind: "n", show: one => `${one.waiting}`, by: one => one.waiting },
  { head: "received", kind: "n", show: one => bytes(one.bytesIn), by: one => one.bytesIn },
  { head: "sent", kind: "n", show: one => bytes(one.bytesOut), by: one => one.bytesOut },
  { head: "compression", show: one => one.compression.length === 0 ? "" : [one.compression.join(", "), sub(`${bytes(one.bytesSaved)} saved of ${bytes(one.bytesCompressed)}`)], by: one => one.bytesSaved },
  { head: "for", kind: "n", show: one => when(one.since), by: one => -new Date(one.since) },
], {
  verb: "Cut", title: one => `Cut the connection from ${one.remote}?`, about: one => ["connection", one.id],
  text: () => "Sessions that have no other connection end with it. The client may connect again.",
}, ask);

const leases = new LiveTable("leases", "Leases and oplocks", null, [
  { head: "path", kind: "wide", show: one => one.path, by: one => one.path },
  { head: "kind", show: one => one.isOplock ? "oplock" : "lease", by: one => `${one.isOplock}` },
  { head: "lets the client keep", show: one => [caching(one.caching), one.isBreaking ? " " : null, one.isBreaking ? tag("asked back") : null], by: one => caching(one.caching) },
  { head: "opens", kind: "n", show: one => `${one.opens}`, by: one => one.opens },
], {
  verb: "Ask back", title: one => `Ask back the lease of ${one.path}?`, about: one => ["lease", one.id],
  text: () => "The client sends what it has kept, and asks the server from then on. It may get a lease again.",
}, ask);

const nodes = new LiveTable("nodes", "Nodes of the cluster", null, [
  { head: "node", show: one => one.name, by: one => one.name },
  { head: "addresses", kind: "wide", show: one => one.addresses },
  { head: "state", show: one => one.isFenced ? tag("shut out", "bad") : one.leaseLeft <= 0 ? tag("gone", "bad") : one.isDraining ? tag("drains") : "" },
  { head: "lease left", kind: "n", show: one => `${one.leaseLeft.toFixed(1)} s`, by: one => one.leaseLeft },
  { head: "open", kind: "n", show: one => `${one.opens}`, by: one => one.opens },
  { head: "load", kind: "n", show: one => rate(one.bytesPerSecond), by: one => one.bytesPerSecond },
], null, ask);

const clusterShares = new LiveTable("parts", "Clustered shares and their parts", null, [
  { head: "share", kind: "wide", show: one => `\\${one.share}${one.folder === undefined ? "" : `\\${one.folder}`}`, by: one => `${one.share}\\${one.folder ?? ""}` },
  { head: "part", show: one => one.folder === undefined ? "" : [tag("part"), ` ${one.name}`] },
  { head: "owner", show: one => [one.owner ?? "nobody", one.movesTo === undefined ? null : sub(`moves to ${one.movesTo}`)], by: one => one.owner ?? "" },
  { head: "epoch", kind: "n", show: one => `${one.epoch}`, by: one => one.epoch },
  { head: "open here", kind: "n", show: one => one.isHere ? `${one.opens}` : "", by: one => one.isHere ? one.opens : -1 },
  { head: "load here", kind: "n", show: one => one.isHere ? rate(one.bytesPerSecond) : "", by: one => one.isHere ? one.bytesPerSecond : -1 },
], null, ask);

const tables = [people, shares, files, connections, leases, nodes, clusterShares];
find("tables").append(...tables.map(table => table.section));

const keyed = (things, key) => things.map(thing => ({ ...thing, key: key(thing) }));
const text = () => filter.value.trim().toLowerCase();

function tile(name, value) {
  const at = find("now"), id = `now-${name.replaceAll(" ", "-")}`;
  const known = find(id) ?? at.appendChild(make("div", { id }, make("dt", {}, name), make("dd")));
  const shown = known.lastElementChild;
  if (shown.textContent !== value) shown.textContent = value;
}

function show() {
  const only = text(), rates = view.connections.map(one => one.rate), sum = of => rates.reduce((all, one) => all + of(one), 0);
  tile("people", `${new Set(view.sessions.map(one => one.user)).size}`);
  tile("open files", `${view.openCount}`);
  tile("to the server", rate(sum(one => one.in)));
  tile("from the server", rate(sum(one => one.out)));
  tile("requests a second", `${sum(one => one.requests)}`);
  people.show(keyed(view.sessions, one => one.id), null, only);
  shares.show(keyed(view.shares, one => one.name), null, only);
  files.show(keyed(view.opens, one => one.id), view.openCount, only);
  connections.show(keyed(view.connections, one => one.id), null, only);
  leases.show(keyed(view.leases, one => one.id), view.leaseCount, only);
  nodes.show(keyed(view.nodes, one => one.name), null, only);
  clusterShares.show(keyed(view.clusterShares, one => one.name), null, only);
  nodes.section.hidden = view.nodes.length === 0;
  clusterShares.section.hidden = view.clusterShares.length === 0;
  chart(find("chart"), view.points, Date.now() + skew);
  lines(find("lines"), view.connections, view.sessions);
}

filter.oninput = () => tables.forEach(table => table.filter(text()));

const events = new EventSource("events");
events.onerror = () => say("not connected; trying again", false);
events.onmessage = event => {
  view = JSON.parse(event.data);
  skew = new Date(view.at) - Date.now();
  find("name").textContent = view.server;
  say(view.state === "Running" ? "live" : view.state.toLowerCase(), view.state === "Running");
  show();
};
