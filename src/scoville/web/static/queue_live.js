// What moves by itself while the queue is open: clocks, and who gets hot. Uses the places and rows of queue.js.
"use strict";

const POLL_MS = 2000;
const SLOWEST_MS = 60000;
const NEWS_KEPT = 4;
const AWAY_MS = 2 * 3600 * 1000; // as long as a login lasts unused: asking on would keep it alive for nobody

// --- clocks --------------------------------------------------------------------------------------------------------

let behind = 0; // milliseconds that the server's clock is ahead of the one here

function said(seconds) { // as `words.lasting` says it
  for (const [many, unit] of [[60, "s"], [60, "min"], [24, "h"]]) {
    if (seconds < many) return `${Math.floor(seconds)} ${unit}`;
    seconds /= many;
  }
  const days = Math.floor(seconds);
  return days === 1 ? "1 day" : `${days} days`;
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
let lastSign = Date.now(); // of somebody at this page

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
  if (document.hidden || Date.now() - lastSign > AWAY_MS) return; // nobody looks: the first look asks for all of it
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

for (const sign of ["keydown", "pointermove", "scroll"]) {
  document.addEventListener(sign, () => {
    const wasAway = Date.now() - lastSign > AWAY_MS;
    lastSign = Date.now();
    if (wasAway) askForNews();
  }, { passive: true });
}
document.addEventListener("visibilitychange", askForNews);
document.addEventListener("DOMContentLoaded", () => {
  if (!byId("news")) return;
  newest = Number(byId("news").dataset.newest);
  behind = Date.parse(byId("news").dataset.now) - Date.now();
  timer = setTimeout(askForNews, POLL_MS);
});
