// The pages work without this. It fills the clipboard, brings errors into view, closes menus, tells times in the reader's zone,
// and follows what is under way.
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

for (const button of document.querySelectorAll("[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  });
}

document.querySelector("[data-focus]")?.focus();

// Menus: one at a time. Escape and a click outside close them, arrow keys move between their choices.
const menus = () => document.querySelectorAll("details.menu[open]");
const closeMenus = (except) => {
  for (const menu of menus()) if (!menu.contains(except)) menu.open = false;
};
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("focusin", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu");
  const choosing = ["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key);
  if (event.key === "Escape") {
    const open = [...menus()].at(-1);
    closeMenus(null);
    open?.querySelector("summary").focus();
  } else if (menu && choosing && !event.target.matches("input, select, textarea")) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!menu.open && !step) return;
    event.preventDefault();
    menu.open = true;
    const choices = [...menu.querySelectorAll(".menu-list :is(a[href], button, input, select)")];
    const at = choices.indexOf(document.activeElement);
    const next = step ? (at < 0 && step < 0 ? -1 : at + step) : event.key === "Home" ? 0 : -1;
    choices.at(next % choices.length)?.focus();
  }
});

// `/` goes to the search of the page.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, textarea, select")) return;
  const search = [...document.querySelectorAll("main input[type=search]")].find((input) => input.checkVisibility());
  if (!search) return;
  event.preventDefault();
  search.focus();
});

// Times as the reader's clock shows them. What is told in UTC stays as its title.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !["UTC", "Etc/UTC", "GMT"].includes(zone)) {
  const exact = new Intl.DateTimeFormat("en-GB", {
    day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: zone,
  });
  const here = (time) => exact.format(new Date(time.dateTime)).replace(" at ", ", ");
  for (const time of document.querySelectorAll("time[data-exact]")) {
    time.title = time.textContent;
    time.textContent = here(time);
  }
  for (const time of document.querySelectorAll("time[title]:not([data-exact])")) {
    time.title = `${here(time)} (${time.title})`;
  }
  for (const told of document.querySelectorAll("[data-zone]")) told.textContent = zone.replaceAll("_", " ");
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
