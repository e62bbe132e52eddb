// Tables whose rows stay: each thing that is shown has one row from when it comes until it goes, and only cells that say something else are
// touched. So neither scrolling nor the focus nor a selection is lost when the server sends what there is now.

// Everything that clients name goes in as text, never as markup.
export function make(name, properties = {}, ...children) {
  const { attributes = {}, ...rest } = properties;
  const made = Object.assign(document.createElement(name), rest);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

export const tag = (text, kind = "") => make("span", { className: `tag ${kind}` }, text);
export const sub = text => make("span", { className: "sub" }, text);

// columns: { head, show: thing => what the cell has (text, a node or an array of both), by: thing => what it is sorted by, kind: "n" | "wide" }
// end: { verb, title: thing => …, text: thing => …, about: thing => the kind and the id } or null
export class LiveTable {
  #name; #columns; #end; #ask; #rows = new Map(); #sort = null; #things = []; #isFirst = true;

  constructor(name, title, hint, columns, end, ask) {
    this.#name = name; this.#columns = columns; this.#end = end; this.#ask = ask;
    this.count = make("span", { className: "count" });
    this.none = make("p", { className: "none" }, "none");
    this.body = make("tbody");
    this.heads = columns.map(column => this.#head(column));
    const extra = end === null ? [] : [make("th", { scope: "col" }, make("span", { className: "unseen" }, end.verb))];
    this.table = make("table", { attributes: { "aria-labelledby": `${name}-title` } }, make("thead", {}, make("tr", {}, ...this.heads, ...extra)), this.body);
    this.scroll = make("div", { className: "scroll", tabIndex: 0, attributes: { role: "group", "aria-labelledby": `${name}-title` } }, this.none, this.table);
    this.section = make("section", { attributes: { "aria-labelledby": `${name}-title` } },
      make("h2", { id: `${name}-title` }, `${title} `, this.count), hint === null ? null : make("p", { className: "hint" }, hint), this.scroll);
  }

  #head(column) {
    const head = make("th", { className: column.kind ?? "", scope: "col" });
    if (column.by === undefined) { head.append(make("span", {}, column.head)); return head; }
    const button = make("button", { type: "button" }, column.head);
    button.onclick = () => {
      this.#sort = this.#sort?.column !== column ? { column, down: false } : this.#sort.down ? null : { column, down: true };
      this.heads.forEach(other => other.removeAttribute("aria-sort"));
      if (this.#sort !== null) head.setAttribute("aria-sort", this.#sort.down ? "descending" : "ascending");
      this.#arrange();
    };
    head.append(button);
    return head;
  }

  // things: each with a key; total: how many there are, when not all are sent
  show(things, total, filter) {
    const here = new Set(things.map(thing => thing.key));
    for (const [key, row] of this.#rows) {
      if (!here.has(key)) { row.element.remove(); this.#rows.delete(key); }
    }
    for (const thing of things) {
      const row = this.#rows.get(thing.key) ?? this.#add(thing);
      row.thing = thing;
      this.#columns.forEach((column, index) => this.#fill(row, index, column.show(thing)));
    }
    this.#things = things;
    this.total = total;
    this.#isFirst = false;
    this.filter(filter);
    this.#arrange();
  }

  filter(text) {
    let shown = 0;
    for (const { element } of this.#rows.values()) {
      element.hidden = text !== "" && !element.textContent.toLowerCase().includes(text);
      shown += element.hidden ? 0 : 1;
    }
    const all = this.#rows.size, total = this.total ?? all;
    this.count.textContent = shown < all ? `${shown} of ${total}` : all < total ? `the first ${all} of ${total}` : `${total}`;
    this.none.hidden = shown > 0;
    this.none.textContent = all > 0 ? "none that contains this" : "none";
    this.table.hidden = shown === 0;
  }

  #add(thing) {
    const element = make("tr", { className: this.#isFirst ? "" : "come" });
    const row = { element, thing, cells: [], shown: [] };
    this.#columns.forEach((column, index) => {
      const cell = index === 0 ? make("th", { scope: "row", className: column.kind ?? "" })
        : make("td", { className: column.kind ?? "", attributes: { "data-head": column.head } });
      row.cells.push(cell);
      element.append(cell);
    });
    if (this.#end !== null) {
      const button = make("button", { type: "button", className: "end", attributes: { "aria-label": this.#end.title(thing) } }, this.#end.verb);
      button.onclick = () => this.#ask(this.#end, row.thing, button);
      element.append(make("td", { className: "button" }, button));
    }
    this.#rows.set(thing.key, row);
    return row;
  }

  #fill(row, index, content) {
    const parts = [content].flat().filter(part => part !== null && part !== undefined && part !== "");
    const said = parts.map(part => part instanceof Node ? part.outerHTML : part).join("\u0000");
    if (row.shown[index] !== said) { row.shown[index] = said; row.cells[index].replaceChildren(...parts); }
  }

  // Moves only rows that are not where they belong.
  #arrange() {
    const things = [...this.#things];
    if (this.#sort !== null) {
      const { column: { by }, down } = this.#sort;
      things.sort((one, other) => {
        const [a, b] = [by(one), by(other)];
        const order = typeof a === "string" ? a.localeCompare(b, undefined, { numeric: true }) : a - b;
        return down ? -order : order;
      });
    }
    let at = this.body.firstElementChild;
    for (const thing of things) {
      const { element } = this.#rows.get(thing.key);
      if (element === at) at = at.nextElementSibling;
      else this.body.insertBefore(element, at);
    }
  }
}
