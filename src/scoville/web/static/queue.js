// The queue by keyboard, and who gets hot while it is open. Every key presses a button or a link that is on the page.
"use strict";

const POLL_MS = 2000;
const SLOWEST_MS = 60000;
const NEWS_KEPT = 4;
const NOT_HERE = { claim: "It cannot be claimed: it has an owner, or you are none.", accept: "That cannot be done with this lead." };
const byId = (id) => document.getElementById(id);
const rows = () => [...document.querySelectorAll("#rows tr.lead")];
const rowOf = (lead) => rows().find((row) => row.dataset.lead === lead);
const picked = () => [...document.querySelectorAll("#work input[name=lead]:checked")];

// --- where the reader is -------------------------------------------------------------------------------------------

let at = null; // the lead whose row was in focus last, and its place among the rows
let isActing = false; // a change is on its way: its answer brings the rows anew

document.addEventListener("focusin", (event) => {
  const row = event.target.closest("#rows tr.lead");
  if (row) at = { lead: row.dataset.lead, index: rows().indexOf(row) };
});

function here() {
  return at ? rowOf(at.lead) ?? rows()[Math.min(at.index, rows().length - 1)] : undefined;
}

function goTo(row) {
  row?.querySelector("a.open").focus({ preventScroll: true });
  row?.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const all = rows(), from = all.indexOf(here());
  goTo(all[from < 0 ? 0 : Math.max(0, Math.min(all.length - 1, from + step))]);
}

// --- selecting, and doing ------------------------------------------------------------------------------------------

function showPicked() {
  if (!byId("work") || !byId("all")) return;
  const count = picked().length;
  byId("work").classList.toggle("picking", count > 0);
  byId("all").checked = count > 0 && count === rows().length;
  byId("all").indeterminate = count > 0 && count < rows().length;
  byId("picked").textContent = count ? `${count} selected` : "Select all";
}

function toggle(row) {
  row?.querySelector("input[name=lead]")?.click();
}

function act(verb) {
  if (isActing) return;
  const button = picked().length ? `#work .bulk [value=${verb}]` : null;
  const found = button ? document.querySelector(button) : here()?.querySelector(`[name=${verb}]`);
  if (found) return found.click();
  if (here()) byId("said").replaceChildren(Object.assign(document.createElement("p"), { textContent: NOT_HERE[verb] ?? NOT_HERE.accept }));
}

function noteCall() {
  if (!picked().length) toggle(here());
  const kind = document.querySelector("#work [name=kind]");
  if (kind) kind.value = "call";
  act("touch");
}

function askWhy(leads, name) {
  const dialog = byId("reject"), form = dialog.querySelector("form");
  const inputs = leads.map((lead) => Object.assign(document.createElement("input"), { type: "hidden", name: "lead", value: lead }));
  byId("reject_leads").replaceChildren(...inputs);
  byId("reject_title").textContent = `Reject ${name}`;
  for (const attribute of ["action", "hx-post"]) form.setAttribute(attribute, byId("work").getAttribute("action"));
  form.reset();
  dialog.showModal();
  form.querySelector("input[type=radio]").focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("#work button");
  if (!button) return;
  if (button.name === "reject") askWhy([button.value], button.closest("tr").querySelector("a.open").textContent);
  else if (button.value === "reject" && picked().length) askWhy(picked().map((box) => box.value), `${picked().length} leads`);
  else if (!isActing) return;
  event.preventDefault();
}, true);

document.addEventListener("change", (event) => {
  if (event.target.id === "all") for (const box of document.querySelectorAll("#work input[name=lead]")) box.checked = event.target.checked;
  showPicked();
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("#work, #reject form")) return;
  isActing = true;
  setTimeout(() => byId("reject").close());
});

document.addEventListener("htmx:finally:request", () => {
  const wasActing = isActing;
  isActing = false;
  showPicked();
  const isLost = at && document.activeElement === document.body; // the row in focus was replaced by a newer one
  if ((wasActing || isLost) && !document.querySelector("dialog[open]")) goTo(here());
});

// An empty field is no filter: it does not have to stand in the address.
document.addEventListener("formdata", (event) => {
  if (event.target.id !== "filters") return;
  for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
});

// --- keys ----------------------------------------------------------------------------------------------------------

const KEYS = {
  j: () => move(1), k: () => move(-1), x: () => toggle(here()), c: () => act("claim"), a: () => act("accept"),
  r: () => act("reject"), t: noteCall, n: () => document.querySelector("#news .bring")?.click(),
  "/": () => byId("q")?.select(), "?": () => byId("keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  const types = event.target.matches("input:not([type=checkbox]), select, textarea");
  if (event.key === "Escape" && event.target.id === "q") {
    event.preventDefault(); // it would empty the field, and the list come back whole
    goTo(here() ?? rows()[0]);
    return;
  }
  if (types || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (!(event.key in KEYS)) return;
  event.preventDefault();
  KEYS[event.key]();
});

// --- clocks --------------------------------------------------------------------------------------------------------

let behind = 0; // milliseconds that the server's clock is ahead of the one here

function said(seconds) {
  for (const [many, unit] of [[60, "s"], [60, "min"], [24, "h"]]) {
    if (seconds < many) return `${Math.floor(seconds)} ${unit}`;
    seconds /= many;
  }
  return `${Math.floor(seconds)} d`;
}

setInterval(() => {
  for (const clock of document.querySelectorAll("[data-due]")) {
    const left = (Date.parse(clock.dataset.due) - Date.now() - behind) / 1000;
    clock.classList.toggle("bad", left <= 0);
    clock.classList.toggle("weak", left > 0 && left <= 3600);
    clock.querySelector("b").textContent = said(Math.abs(left));
    clock.querySelector("small").textContent = left > 0 ? "left" : "overdue";
  }
}, 20000);

// --- who has just got hot ------------------------------------------------------------------------------------------

const asHtmx = { headers: { "HX-Request": "true", "HX-Target": "section#news" }, cache: "no-store" };
let newest = 0;
let failures = 0;
let timer = 0;

function parsed(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  return [...holder.content.children];
}

function tell(items) {
  const list = byId("news").querySelector("ul");
  for (const item of items) list.querySelector(`[data-lead="${CSS.escape(item.dataset.lead ?? "")}"]`)?.remove();
  list.prepend(...items);
  for (const old of [...list.children].slice(NEWS_KEPT)) old.remove();
  countNews();
}

function countNews() {
  const count = document.querySelectorAll("#news .news").length;
  document.title = document.title.replace(/^(\(\d+\) )?/, count ? `(${count}) ` : "");
}

async function askForNews() {
  clearTimeout(timer);
  if (document.hidden) return; // nobody looks: the first look afterwards asks for all of it
  const query = new URLSearchParams(location.search);
  query.delete("cursor");
  query.set("seen", newest);
  try {
    const answer = await fetch(`/queue/news?${query}`, asHtmx);
    if (answer.headers.has("HX-Redirect")) return; // logged out: whatever is pressed next leads to the login
    failures = answer.ok ? 0 : failures + 1;
    newest = Number(answer.headers.get("Newest") ?? newest);
    if (answer.status === 200) tell(parsed(await answer.text()));
  } catch {
    failures += 1;
  }
  timer = setTimeout(askForNews, Math.min(POLL_MS * 2 ** failures, SLOWEST_MS));
}

// The row comes in where the reader is, above the lead they are at: nothing else moves.
async function bringIn(button) {
  const answer = await fetch(`/queue/row?lead=${encodeURIComponent(button.dataset.brings)}`, asHtmx);
  const [row] = answer.ok ? parsed(await answer.text()) : [];
  if (!row || !rows().length) return location.reload();
  const top = document.querySelector(".top")?.offsetHeight ?? 0;
  const place = here() ?? rows().find((one) => one.getBoundingClientRect().top >= top) ?? rows()[0];
  if (rowOf(row.dataset.lead) !== place) rowOf(row.dataset.lead)?.remove();
  row.classList.add("brought");
  place.dataset.lead === row.dataset.lead ? place.replaceWith(row) : place.before(row);
  button.closest(".news").remove();
  countNews();
  if (document.activeElement === document.body) goTo(here() ?? row);
}

document.addEventListener("click", (event) => {
  const bring = event.target.closest("[data-brings]");
  if (bring) bringIn(bring);
  if (event.target.closest("[data-dismisses]")) {
    event.target.closest(".news").remove();
    countNews();
  }
});

document.addEventListener("click", (event) => {
  const more = event.target.closest(".filters .more");
  if (more) more.setAttribute("aria-expanded", String(byId("filters").classList.toggle("unfolded")));
});

document.addEventListener("visibilitychange", askForNews);
document.addEventListener("DOMContentLoaded", () => {
  document.documentElement.classList.add("js");
  if (!byId("news")) return;
  newest = Number(byId("news").dataset.newest);
  behind = Date.parse(byId("news").dataset.now) - Date.now();
  timer = setTimeout(askForNews, POLL_MS);
  showPicked();
});
