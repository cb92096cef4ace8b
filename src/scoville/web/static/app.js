// What every page does with JavaScript: messages go away by themselves, menus and dialogs open and close.
"use strict";

const SAID_MS = 6000;

function forgetSaid() {
  const said = document.getElementById("said");
  let timer = 0;
  const wait = () => {
    clearTimeout(timer);
    if (said.firstElementChild && !said.querySelector(".bad")) timer = setTimeout(() => said.replaceChildren(), SAID_MS);
  };
  new MutationObserver(wait).observe(said, { childList: true });
  said.addEventListener("click", () => said.replaceChildren());
  wait();
}

document.addEventListener("DOMContentLoaded", forgetSaid);

// On a phone menus and tabs are wider than the screen: they begin where one is.
document.addEventListener("DOMContentLoaded", () => {
  for (const here of document.querySelectorAll("nav > [aria-current]")) {
    const all = here.parentElement;
    all.scrollLeft = here.offsetLeft - all.offsetLeft - (all.clientWidth - here.offsetWidth) / 2;
  }
});

// <button data-opens="ID"> opens the dialog ID; <button data-closes> closes the one that it is in.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// <form data-asks="Really?"> is sent after a yes.
document.addEventListener("submit", (event) => {
  const asks = event.submitter?.dataset.asks ?? event.target.dataset.asks;
  if (asks && !confirm(asks)) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);

// <select data-sends> and <input data-sends> send their form when they change.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-sends]")) event.target.form?.requestSubmit();
});

// <button data-copies="ID"> copies the text of the element ID.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent);
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = label; }, 1500);
});
