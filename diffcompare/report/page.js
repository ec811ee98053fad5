"use strict";
(() => {
  const table = document.getElementById("all");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const heads = Array.from(table.tHead.rows[0].cells);
  const field = (name) => document.getElementById(name);
  const text = field("text"), status = field("status"), problem = field("problem"), method = field("method");
  const key = field("key"), way = field("way"), shown = field("shown");
  const names = new Intl.Collator("en", {numeric: true});
  const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  function compare(column, sign) {
    return (a, b) => {
      const left = a.cells[column].dataset.v, right = b.cells[column].dataset.v;
      if (left === undefined && right === undefined) {
        return sign * names.compare(a.cells[column].firstChild.textContent, b.cells[column].firstChild.textContent);
      }
      // What was not measured stands last, whichever way.
      if (left === "" || right === "") return (left === "") - (right === "");
      const low = Number(left), high = Number(right);
      return low === high ? 0 : sign * (low < high ? -1 : 1);
    };
  }

  function sort(column, direction) {
    heads.forEach((head, i) => head.setAttribute("aria-sort", i === column ? direction : "none"));
    const ordered = rows.slice().sort(compare(column, direction === "descending" ? -1 : 1));
    body.append(...ordered);
    key.value = String(column);
    way.textContent = direction;
  }

  function turn(column) {
    sort(column, heads[column].getAttribute("aria-sort") === "ascending" ? "descending" : "ascending");
  }

  function filter() {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const fits = wanted.every((word) => words.get(row).includes(word))
        && (!status.value || row.dataset.status === status.value)
        && (!problem.value || row.dataset.problem === problem.value)
        && (!method.value || row.dataset.method === method.value);
      row.hidden = !fits;
      count += fits;
    }
    shown.textContent = `${count} of ${rows.length} records`;
  }

  function clear() {
    for (const input of [text, status, problem, method]) input.value = "";
    filter();
  }

  // A link to a row that a filter hides shows it again.
  function follow() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.hidden) {
      clear();
      target.scrollIntoView();
    }
  }

  function choose(event) {
    const link = event.target.closest("a[data-status], a[data-problem], a[data-method]");
    if (!link) return;
    clear();
    for (const input of [status, problem, method]) input.value = link.dataset[input.id] || "";
    filter();
  }

  heads.forEach((head, i) => head.firstElementChild.addEventListener("click", () => turn(i)));
  key.addEventListener("change", () => sort(Number(key.value), "ascending"));
  way.addEventListener("click", () => turn(Number(key.value)));
  text.addEventListener("input", filter);
  for (const list of [status, problem, method]) list.addEventListener("change", filter);
  field("clear").addEventListener("click", () => { clear(); text.focus(); });
  document.addEventListener("click", choose);
  addEventListener("hashchange", follow);
  filter();
  follow();
})();
