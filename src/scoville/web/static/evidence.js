// The line that is being moved says its score at once; what it gives comes from the server a moment later.
"use strict";

document.addEventListener("input", (event) => {
  const said = event.target.dataset?.said;
  if (said) document.getElementById(said).value = event.target.value;
});
