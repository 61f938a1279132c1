// Small comforts. Every page works without this file.
document.documentElement.classList.add("js");

function nameFiles(zone) {
  const input = zone.querySelector('input[type="file"]');
  zone.querySelector("[data-drop-names]").textContent = [...input.files].map((file) => file.name).join(", ");
}

function prepare(root) {
  for (const zone of root.querySelectorAll("[data-drop]")) {
    const input = zone.querySelector('input[type="file"]');
    input.addEventListener("change", () => nameFiles(zone));
    // The input lies over the whole zone, so the browser itself takes what is dropped.
    input.addEventListener("dragenter", () => zone.classList.add("drop-over"));
    for (const kind of ["dragleave", "drop"]) input.addEventListener(kind, () => zone.classList.remove("drop-over"));
  }
  for (const button of root.querySelectorAll("[data-busy]")) {
    button.form?.addEventListener("submit", () => {
      button.setAttribute("aria-busy", "true");
      button.textContent = button.dataset.busy;
    });
  }
  for (const button of root.querySelectorAll("[data-print]")) {
    button.addEventListener("click", () => window.print());
  }
  for (const button of root.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).innerText.trim());
      button.textContent = button.dataset.copied;
    });
  }
  for (const box of root.querySelectorAll("[data-open-wide]")) {
    if (window.matchMedia("(min-width: 44.01rem)").matches) box.open = true;
  }
  for (const box of root.querySelectorAll("[data-tick-all]")) {
    box.hidden = false;
    const all = box.querySelector("input");
    all.addEventListener("change", () => {
      for (const one of all.form.querySelectorAll('[name="ids"]')) one.checked = all.checked;
    });
  }
  root.querySelector("[data-focus]")?.focus();
}

// A menu closes when something else is touched, or with Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll(".menu[open]")) menu.open = false;
});

prepare(document);
document.addEventListener("htmx:afterSettle", (event) => prepare(event.target));
