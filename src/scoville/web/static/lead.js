// The page of a lead by keyboard: c claims, a accepts, r rejects, t notes a touch, as in the queue; Escape closes a form.
"use strict";

const WRITES = "input, textarea, select, [contenteditable]";

function closeDeed() {
  const deed = document.querySelector(".deed[open]");
  if (!deed) return false;
  deed.open = false;
  deed.querySelector("summary").focus();
  return true;
}

function open(summary) {
  summary.parentElement.open = true;
  summary.parentElement.querySelector("form :is(select, textarea, input:not([type=hidden]))")?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && closeDeed()) event.preventDefault();
  if (event.target.closest?.(WRITES) || !/^[a-z]$/.test(event.key)) return;
  const found = document.querySelector(`#head [data-key="${event.key}"]`);
  if (!found) return;
  event.preventDefault();
  if (found.tagName === "SUMMARY") open(found);
  else found.click();
});
