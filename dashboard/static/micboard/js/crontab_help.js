/** Under the admin's choice of a crontab: what the chosen one means, in words. */

const readable = JSON.parse(document.querySelector("#readable-crontabs").textContent);
const choice = document.querySelector("#id_crontab");
const help = document.querySelector(".field-crontab .help");

const meaning = document.createElement("p");
help?.append(meaning);
const tell = () => {
  meaning.textContent = readable[choice.value] ?? "";
};

choice?.addEventListener("change", tell);
if (choice) tell();
for (const row of document.querySelectorAll(".field-crontab_translation")) row.hidden = true;
