// The studio's forms: what is typed is kept and looked at, values that occur are put in with a click, and everybody on
// the page who shows what a draft would do hears when it has changed.
"use strict";

const TYPED_MS = 350;
let timer = 0;
let left = ""; // the field, or the button, that somebody was at

const typed = (form, wait = TYPED_MS) => {
  clearTimeout(timer);
  const tell = () => {
    timer = 0;
    form.querySelector("#said_of_part")?.dispatchEvent(new CustomEvent("typed"));
  };
  if (wait) timer = setTimeout(tell, wait);
  else tell();
};

// Another line, another sort of rule: the server draws the form again, with what was typed.
const reshape = (form, act) => {
  clearTimeout(timer);
  const button = form.querySelector("[data-reshape]");
  button.value = act;
  button.click();
};

document.addEventListener("input", (event) => {
  const form = event.target.closest("form.part");
  if (form && !event.target.dataset.reshapesTo) typed(form);
});

document.addEventListener("change", (event) => {
  const { form, dataset, value } = event.target;
  if (!form?.matches("form.part")) return;
  left = event.target.name;
  if (dataset.reshapesTo !== undefined) reshape(form, dataset.reshapesTo + value);
  else if (dataset.reshapes !== undefined) reshape(form, "");
  else if (timer) typed(form, 0); // the field is left, perhaps for another rule: what was typed goes along
});

// Chips: a value that occurs goes into its field, or out of it; a field that takes several keeps the others.
const listed = (field) => field.value.split(",").map((one) => one.trim()).filter(Boolean);
const quoted = (value) => (value.includes(",") ? `"${value}"` : value);

const press = (form) => {
  for (const chip of form.querySelectorAll("[data-adds]")) {
    const field = form.elements[chip.dataset.to];
    if (field) chip.setAttribute("aria-pressed", String(listed(field).includes(quoted(chip.dataset.adds))));
  }
};

document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-adds]");
  if (!chip) return;
  const field = chip.form.elements[chip.dataset.to];
  const value = quoted(chip.dataset.adds);
  const others = listed(field).filter((one) => one !== value);
  const was = listed(field).length > others.length;
  field.value = ("several" in field.dataset ? [...others, ...(was ? [] : [value])] : was ? [] : [value]).join(", ");
  press(chip.form);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if ("reshapes" in field.dataset) field.dispatchEvent(new Event("change", { bubbles: true }));
});

// Where somebody was in a form before it was drawn again; a new line is where they go on.
document.addEventListener("focusin", (event) => {
  if (event.target.form?.matches("form.part")) left = event.target.name === "do" ? event.target.value : event.target.name;
});

const focusAgain = (form) => {
  const [, act, path] = left.match(/^(add|group|value):(.*)$/) ?? [];
  const names = [...form.elements].map((one) => one.name);
  const begin = act === "value" ? "values." : `${path}.`;
  const row = act && names.findLast((name) => name.startsWith(begin) && name !== `${path}.kind`);
  const first = row?.slice(0, row.indexOf(".", begin.length) + 1);
  const name = act === "value" ? `${first}points` : act ? names.find((one) => one.startsWith(first)) : left;
  (form.elements[name] ?? form.elements.name)?.focus?.();
};

// A part of the page came: is it of another draft, and is a part open that nobody sees?
let known;
const arrived = (event) => {
  const said = [...document.querySelectorAll("[data-draft]")].map((one) => one.dataset.draft);
  const draft = document.querySelector("#said_of_part [data-draft], #problems [data-draft]")?.dataset.draft ?? said[0];
  if (known !== undefined && draft && draft !== known) document.body.dispatchEvent(new CustomEvent("draft-changed"));
  known = draft ?? known;
  const form = document.querySelector("form.part");
  if (form) press(form);
  const swapped = event?.target?.id;
  if (form && swapped === "open_part") {
    typed(form, 0); // drawn again with what was chosen: that is to be kept as well
    focusAgain(form);
  }
  if (form && swapped === "editor") form.scrollIntoView({ block: "nearest" });
  if (form && swapped === "editor") form.querySelector("[autofocus]")?.focus({ preventScroll: true });
};
document.addEventListener("DOMContentLoaded", () => arrived());
document.addEventListener("htmx:after:swap", arrived);
