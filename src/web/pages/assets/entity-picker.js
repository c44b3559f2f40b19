
// Entities: find some by words in any order, with or without accents; select all that are found; show what is selected.
const strokes = { ı: "i", ł: "l", ø: "o", đ: "d", ð: "d", ħ: "h", ŧ: "t", æ: "ae", œ: "oe", þ: "th", ß: "ss" };
const searchable = (text) =>
  text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[ıłøđðħŧæœþß]/g, (letter) => strokes[letter]);

for (const picker of document.querySelectorAll("[data-picker]")) {
  const part = (name) => picker.querySelector(`[data-picker-${name}]`);
  const options = [...picker.querySelectorAll("[data-option]")].map((element) => ({
    element,
    box: element.querySelector("input"),
    text: searchable(element.textContent),
  }));
  const found = () => options.filter((option) => !option.element.hidden);
  const onlySelected = () => part("selected").getAttribute("aria-pressed") === "true";
  const report = () => {
    const selected = options.filter((option) => option.box.checked).length;
    part("message").textContent = `${selected} of ${options.length} selected, ${found().length} shown`;
    part("nothing").hidden = found().length > 0;
  };
  const filter = () => {
    const words = searchable(part("search").value).split(/\s+/).filter(Boolean);
    for (const option of options) {
      option.element.hidden =
        !words.every((word) => option.text.includes(word)) || (onlySelected() && !option.box.checked);
    }
    report();
  };
  const check = (checked) => {
    for (const option of found()) option.box.checked = checked;
    report();
  };
  part("search").addEventListener("input", filter);
  part("search").addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  part("all").addEventListener("click", () => check(true));
  part("none").addEventListener("click", () => check(false));
  part("selected").addEventListener("click", () => {
    part("selected").setAttribute("aria-pressed", String(!onlySelected()));
    filter();
  });
  picker.addEventListener("change", report);
  for (const tools of picker.querySelectorAll("[data-picker-tools]")) tools.hidden = false;
  report();
}
