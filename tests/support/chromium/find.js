// Finds what a person means by words on the screen. Called with what is looked for ("press", "field", "box", "fact"), the
// words, and, when several look alike, the words in whose neighbourhood it is.
const [kind, words, near] = arguments;

const plain = (text) => (text ?? "").replace(/\s+/g, " ").trim();
const seen = (element) =>
  element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
const names = (element) => [element.innerText, element.getAttribute("aria-label"), element.value].map(plain);
// Without the mark of fields that may stay empty.
const title = (element) => plain(element.innerText).replace(/ \(optional\)$/, "");

function place() {
  if (!near) return document;
  const groups = document.querySelectorAll("tr, li, dl, dl > div, .field, article, section, fieldset, form");
  const fitting = [...groups].filter((group) => seen(group) && plain(group.innerText).includes(near));
  // The innermost.
  return fitting.find((group) => !fitting.some((other) => other !== group && group.contains(other)));
}

// What the page is about comes before its menu.
function first(elements, fits) {
  const all = [...elements].filter(seen);
  const main = document.querySelector("main");
  const sorted = [...all.filter((e) => main?.contains(e)), ...all.filter((e) => !main?.contains(e) && !e.closest("header .brand")), ...all];
  return sorted.find((element) => [fits(element)].flat().includes(words)) ?? null;
}

function field(root) {
  const label = first(root.querySelectorAll("label, legend"), title);
  if (label?.control) return label.control;
  return first(root.querySelectorAll("input, select, textarea"), (e) => plain(e.getAttribute("aria-label")));
}

// A box or a choice may say more than its name.
function box(root) {
  const boxes = [...root.querySelectorAll("input[type=checkbox], input[type=radio]")].filter(seen);
  const labels = (input) => [plain(input.getAttribute("aria-label")), ...[...(input.labels ?? [])].map(title)];
  return (
    boxes.find((input) => labels(input).includes(words)) ??
    boxes.find((input) => labels(input).some((label) => label.startsWith(words))) ??
    null
  );
}

function fact(root) {
  const term = first(root.querySelectorAll("dt, th[scope=row], th"), title);
  const value = term?.nextElementSibling;
  // Without the button that copies it.
  return value?.querySelector("code") ?? value ?? field(root);
}

const root = place();
if (!root) return null;
switch (kind) {
  case "press":
    return first(root.querySelectorAll("a, button, summary, input[type=submit]"), names);
  case "field":
    return field(root);
  case "box":
    return box(root);
  default:
    return fact(root);
}
