// The page Data: the list waits while somebody reads a message; a key that is typed goes into the snippet.
"use strict";

const isReading = () => document.querySelector("#live details[open]") !== null;

document.addEventListener("htmx:before:request", (event) => {
  if (event.target.id === "poll" && isReading()) event.preventDefault();
});

document.addEventListener("toggle", (event) => {
  if (!event.target.closest?.("#live")) return;
  const held = document.getElementById("held");
  if (held) held.hidden = !isReading();
}, true);

// <input data-fills="ID" data-marks="WORD"> puts what is typed where the word stood in the text of the element ID.
document.addEventListener("input", (event) => {
  const { fills, marks } = event.target.dataset;
  if (!fills) return;
  const place = document.getElementById(fills);
  place.dataset.was ??= place.textContent;
  place.textContent = place.dataset.was.replaceAll(marks, event.target.value.trim() || marks);
});
