"use strict";
// Clicking a task in the graph or the timeline shows its details; without scripts all details are shown.
for (const run of document.querySelectorAll(".run")) {
  const marks = [...run.querySelectorAll("g.task[data-path]")];
  const details = [...run.querySelectorAll("article[data-path]")];
  const choose = (path) => {
    for (const mark of marks) mark.classList.toggle("chosen", mark.dataset.path === path);
    for (const detail of details) detail.hidden = detail.dataset.path !== path;
  };
  for (const mark of marks) {
    mark.setAttribute("tabindex", "0");
    mark.setAttribute("role", "button");
    mark.addEventListener("click", () => choose(mark.dataset.path));
    mark.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(mark.dataset.path); }
    });
  }
  const first = details.find((detail) => detail.dataset.phase === "Failed") || details[0];
  if (first) choose(first.dataset.path);
}
