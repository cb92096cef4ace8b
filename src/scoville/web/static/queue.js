// The queue by keyboard. Every key presses a button or a link that is on the page.
"use strict";

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

// Whoever opens a lead and comes back is where they were.
addEventListener("pagehide", () => sessionStorage.setItem("queue", JSON.stringify({ at, list: location.search })));
addEventListener("pageshow", () => {
  const left = JSON.parse(sessionStorage.getItem("queue"));
  const [way] = performance.getEntriesByType("navigation");
  if (way.type !== "back_forward" || left?.list !== location.search) return;
  at = left.at;
  goTo(here());
});

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

document.addEventListener("click", (event) => {
  const more = event.target.closest(".filters .more");
  if (more) more.setAttribute("aria-expanded", String(byId("filters").classList.toggle("unfolded")));
});

// --- keys ----------------------------------------------------------------------------------------------------------

const KEYS = {
  j: () => move(1), k: () => move(-1), x: () => toggle(here()), c: () => act("claim"), a: () => act("accept"),
  r: () => act("reject"), t: noteCall, n: () => document.querySelector("#news .bring")?.click(),
  "/": () => { byId("q")?.focus(); byId("q")?.select(); }, "?": () => byId("keys")?.showModal(),
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

document.addEventListener("DOMContentLoaded", () => {
  document.documentElement.classList.add("js");
  showPicked();
});
