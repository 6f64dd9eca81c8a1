"use strict";
// Tables that sort and copy, numbers that lead to runs, runs that lead to their settings.

const data = JSON.parse(document.getElementById("data").textContent);
const dialog = document.querySelector("dialog");
const NUMBER = /^([+-]?\d[\d,.]*(\/\d+)?[k%]?|\[[^\]]*\])$/;
const CELL = ["model", "chain", "target"];

/** Make an element: attributes as they are written in HTML, functions as listeners. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== "") element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const path = (...parts) => parts.join("/").split("/").map(encodeURIComponent).join("/");

// Tables

/** A number to sort by; NaN for text and for what is missing. */
const number = (text) => parseFloat(text.replace(/[−–]/g, "-").replace(/[,[<]/g, ""));

function sortable(table) {
  for (const head of table.tHead.rows[0].cells) {
    const name = head.textContent;
    head.replaceChildren(make("button", { click: () => sort(table, head), title: `sort by ${name}` }, name));
  }
}

function sort(table, head) {
  const down = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down > 0 ? "ascending" : "descending");
  const keyed = [...table.tBodies[0].rows].map((row) => {
    const text = row.cells[head.cellIndex].textContent;
    return { row, text, value: number(text) };
  });
  const counted = keyed.some(({ value }) => !isNaN(value));
  keyed.sort((a, b) => {
    if (!counted) return down * a.text.localeCompare(b.text);
    if (isNaN(a.value) || isNaN(b.value)) return isNaN(a.value) - isNaN(b.value); // the missing last
    return down * (a.value - b.value);
  });
  table.tBodies[0].append(...keyed.map(({ row }) => row));
}

function copy(table, button) {
  const shown = [...table.rows].map((row) => [...row.cells].filter((cell) => cell.offsetParent));
  const text = shown.map((cells) => cells.map((cell) => cell.textContent).join("\t")).join("\n");
  navigator.clipboard.writeText(text).then(
    () => (button.textContent = "copied"),
    () => (button.textContent = "the browser forbids it"),
  );
}

function withTools(table) {
  const tools = table.closest("article").querySelector(".tools");
  const button = make("button", { click: () => copy(table, button) }, "copy");
  tools.prepend(button);
  if (table.querySelector(".more")) {
    const all = make("button", { click: () => toggle(table, all), "aria-pressed": "false" }, "all columns");
    tools.prepend(all);
  }
}

function toggle(table, button) {
  const wide = table.classList.toggle("wide");
  button.setAttribute("aria-pressed", wide);
  button.textContent = wide ? "main columns" : "all columns";
}

/** Make every number of a row a link to the runs that were read for it. */
function linked(table) {
  const { study, name } = table.dataset;
  const behind = data[study].behind[name] ?? [];
  [...table.tBodies[0].rows].forEach((row, place) => {
    row.dataset.place = place; // it may be sorted elsewhere later
    if (!behind[place]?.length) return;
    const href = `#runs:${path(study, name, String(place))}`;
    for (const cell of row.querySelectorAll("td.ours"))
      if (NUMBER.test(cell.textContent)) cell.replaceChildren(make("a", { href }, ...cell.childNodes));
  });
}

// Runs

/** The rows of `runs` or `scores` of a study as objects. */
function rowsOf(study, part) {
  const { names, rows, same } = data[study][part];
  return rows.map((row) => ({ ...same, ...Object.fromEntries(names.map((name, place) => [name, row[place]])) }));
}

const cellOf = (row) => CELL.map((name) => row[name]).join("/");

/** A fraction with four digits; its file has all of them. */
const short = (text) => (/^-?\d+\.\d{5,}$/.test(text) ? Number(text).toFixed(4) : text);

function list(names, rows, first) {
  const numbers = new Set(names.filter((name) => rows.some((row) => !isNaN(number(row[name] ?? "")))));
  const of = (name) => ({ class: numbers.has(name) ? "number" : "" });
  const table = make("table", {},
    make("thead", {}, make("tr", {}, ...names.map((name) => make("th", { scope: "col", ...of(name) }, name)))),
    make("tbody", {}, ...rows.map((row) => make("tr", {},
      ...names.map((name, place) => make("td", of(name), place ? short(row[name] ?? "") : first(row)))))));
  sortable(table);
  return make("div", { class: "scroll", tabindex: "0" }, table);
}

/** Show runs and scores of some cells, such as `runs/roberta-large/none/rte`; of all without. */
function showRuns(study, title, cells) {
  const wanted = new Set(cells);
  const parts = ["runs", "scores"].map((part) =>
    rowsOf(study, part).filter((row) => !cells || wanted.has(`${part}/${cellOf(row)}`)));
  const [runs, scores] = parts;
  const named = ["point", ...CELL, ...data[study].axes, "score", "degenerate", "like_majority", "signs"];
  const differ = (names, rows) =>
    names.filter((name, place) => !place || rows.length === 1 || new Set(rows.map((row) => row[name])).size > 1);
  const alike = (name) => runs.length > 1 && runs[0][name] && new Set(runs.map((row) => row[name])).size === 1;
  const same = named.filter(alike);
  show(title,
    runs.length ? make("p", { class: "muted" }, `${runs.length.toLocaleString("en")} runs`,
      ...same.map((name) => ` · ${name} ${short(runs[0][name])}`)) : "",
    runs.length ? list(differ(named, runs), runs, (row) => runLink(study, row)) : "",
    scores.length ? make("h4", {}, "Scores of checkpoints as they are") : "",
    scores.length ? list(["target", "model", "chain", "score", "new_heads"], scores, (row) =>
      make("a", { href: `${path(study, "scores", cellOf(row))}.json` }, row.target)) : "");
  return runs.length + scores.length > 0;
}

const runLink = (study, row) => make("a", { href: `#run:${path(study, cellOf(row), row.point)}` }, row.point);

/** Show the record of a run: its scores, settings with origins, digests, files and log. */
function showRun(study, id) {
  const run = rowsOf(study, "runs").find((row) => `${cellOf(row)}/${row.point}` === id);
  if (!run) return false;
  const aside = new Set(["digests", ...CELL, "study", "scale", "point", "key", ...data[study].axes]);
  const facts = Object.entries(run).filter(([name, value]) => !aside.has(name) && value !== "");
  const settings = [
    ...data[study].axes.map((name) => [name, run[name], "grid", "the point of this run"]),
    ...(data[study].settings[run.target] ?? []).filter(([name]) => !data[study].axes.includes(name)),
  ].map(([name, value, origin, where]) => ({ setting: name, value: written(value), origin, where }));
  const digests = [["key", run.key], ...run.digests.split(" ").map((each) => each.split("="))];
  const logs = data[study].logs[cellOf(run)] ?? [];
  show(`${cellOf(run)}/${run.point}`.replaceAll("/", " / "),
    make("p", {}, make("a", { href: `${path(study, "runs", id)}.json` }, "record"), " · ",
      make("a", { href: `${path(study, "predictions", id)}.parquet` }, "predictions"),
      ...logs.flatMap((log) => [" · ", make("a", { href: path(log) }, `log ${log.split("/")[5]}`)])),
    pairs("What came of it", facts), make("h4", {}, "Settings, with their origin"),
    list(["setting", "value", "origin", "where"], settings, (row) => row.setting), pairs("Digests", digests));
  return true;
}

const written = (value) => (typeof value === "string" ? value : JSON.stringify(value ?? null));

function pairs(title, entries) {
  const rows = entries.map(([name, value]) => make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, value)));
  return make("div", {}, make("h4", {}, title), make("div", { class: "scroll" }, make("table", {}, make("tbody", {}, ...rows))));
}

// The dialog follows the address, so that back, forward and a copied link work.

function show(title, ...parts) {
  const close = make("button", { class: "close", "aria-label": "close", click: () => dialog.close() }, "×");
  dialog.replaceChildren(close, make("h3", {}, title), ...parts.filter(Boolean));
  dialog.scrollTop = 0;
  if (!dialog.open) dialog.showModal();
}

function follow() {
  const [, kind, rest] = location.hash.match(/^#(runs?):(.*)$/) ?? [];
  if (!kind) return dialog.close();
  const [study, ...parts] = rest.split("/").map(decodeURIComponent);
  if (!data[study]) return;
  if (kind === "run") showRun(study, parts.join("/"));
  else if (!parts.length) showRuns(study, `All runs of ${study}`);
  else showRuns(study, rowTitle(study, ...parts), data[study].behind[parts[0]][parts[1]]);
}

/** What a row is about: its first cells that are no numbers. */
function rowTitle(study, name, place) {
  const row = document.querySelector(`table[data-study="${study}"][data-name="${name}"] tr[data-place="${place}"]`);
  const words = [...row.querySelectorAll("td:not(.number)")].map((cell) => cell.textContent);
  return `Behind ${words.slice(0, 2).join(" · ")}`;
}

dialog.addEventListener("close", () => {
  if (location.hash.startsWith("#run")) history.pushState(null, "", location.pathname + location.search);
});
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
addEventListener("hashchange", follow);

// Figures to hover and click

async function draw(place) {
  const { study, name } = place.dataset;
  const options = { actions: false, renderer: "svg", tooltip: { disableDefaultStyle: true } };
  const { view } = await vegaEmbed(place, data[study].chart[name], options);
  view.addEventListener("click", (_, item) => {
    const run = item?.datum?.run;
    if (run) location.hash = `#run:${path(study, run)}`;
  });
}

/** Draw one figure after the other: the page can be read before the last is there. */
async function drawAll() {
  for (const place of document.querySelectorAll(".chart")) await draw(place);
}

/** Paper shows what was printed. */
addEventListener("beforeprint", () => document.querySelectorAll(".printed").forEach((each) => (each.open = true)));

// The contents follow the reader.

function watchPlace() {
  const links = new Map([...document.querySelectorAll("nav li a")].map((link) => [link.hash.slice(1), link]));
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const link = links.get(target.id);
      if (isIntersecting) link?.setAttribute("aria-current", "true");
      else link?.removeAttribute("aria-current");
    }
  }, { rootMargin: "-10% 0px -60% 0px" });
  document.querySelectorAll("article").forEach((article) => watcher.observe(article));
}

for (const table of document.querySelectorAll("article table")) {
  linked(table);
  sortable(table);
  withTools(table);
}
watchPlace();
follow();
setTimeout(drawAll);
