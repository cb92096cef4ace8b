// What makes the forms of the settings quicker: hours of one day for all, more conditions, hints that fit the comparison.
"use strict";

const WORKDAYS = ["tue", "wed", "thu", "fri"];

function showTools() {
  for (const button of document.querySelectorAll("[data-same-week], [data-adds-condition], [data-removes]")) button.hidden = false;
}

function sameUntilFriday(row) {
  for (const code of WORKDAYS) {
    for (const input of row.querySelectorAll("input")) {
      const other = input.form.elements[input.name.replace(row.dataset.day, code)];
      if (other) other.value = input.value;
    }
  }
}

function addCondition(list) {
  const added = list.lastElementChild.cloneNode(true);
  for (const input of added.querySelectorAll("input")) input.value = "";
  added.querySelector("select").selectedIndex = 0;
  list.append(added);
  added.querySelector("input").focus();
}

function removeCondition(row) {
  if (row.parentElement.children.length > 1) row.remove();
  else for (const input of row.querySelectorAll("input")) input.value = "";
}

document.addEventListener("DOMContentLoaded", showTools);

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.matches("[data-same-week]")) sameUntilFriday(button.closest("tr"));
  if (button.matches("[data-adds-condition]")) addCondition(button.closest("fieldset").querySelector(".conditions"));
  if (button.matches("[data-removes]")) removeCondition(button.closest(".condition"));
});

document.addEventListener("change", (event) => {
  if (!event.target.matches('select[name="operator"]')) return;
  const hint = event.target.selectedOptions[0].dataset.hint;
  event.target.closest(".condition").querySelector('[name="value"]').placeholder = hint || "value";
});
