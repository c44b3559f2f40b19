// The pages work without this. It fills the clipboard, brings errors into view, follows what is under way.
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const told = document.getElementById(button.getAttribute("aria-describedby"));
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent);
      told.textContent = "Copied.";
    } catch {
      told.textContent = "Copying did not work. Select the text and copy it yourself.";
    }
  });
}

document.querySelector("[data-focus]")?.focus();

// Entities: find some, select all that are found.
for (const picker of document.querySelectorAll("[data-picker]")) {
  const part = (name) => picker.querySelector(`[data-picker-${name}]`);
  const options = [...picker.querySelectorAll("[data-option]")];
  const box = (option) => option.querySelector("input");
  const found = () => options.filter((option) => !option.hidden);
  const report = () => {
    const selected = options.filter((option) => box(option).checked).length;
    part("message").textContent = `${selected} of ${options.length} selected, ${found().length} shown`;
  };
  const check = (checked) => {
    for (const option of found()) box(option).checked = checked;
    report();
  };
  part("search").addEventListener("input", (event) => {
    const sought = event.target.value.trim().toLowerCase();
    for (const option of options) option.hidden = !option.textContent.toLowerCase().includes(sought);
    report();
  });
  part("search").addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  part("all").addEventListener("click", () => check(true));
  part("none").addEventListener("click", () => check(false));
  picker.addEventListener("change", report);
  part("tools").hidden = false;
  report();
}

// Work in progress: the parts that show it are fetched again. Nothing else on the page moves.
const again = () => Number(document.querySelector("[data-again]")?.dataset.again ?? 0) * 1000;
async function follow() {
  try {
    const answer = await fetch(location.pathname);
    // To the sign-in page: the session has ended.
    if (answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of answer.ok ? document.querySelectorAll("[data-live]") : []) {
      const fresh = [...page.querySelectorAll("[data-live]")].find((other) => other.dataset.live === part.dataset.live);
      if (fresh && fresh.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) {
        part.replaceChildren(...fresh.childNodes);
      }
    }
  } catch {
    // Out of reach at the moment.
  }
  if (again()) setTimeout(follow, again());
}
if (again()) setTimeout(follow, again());
