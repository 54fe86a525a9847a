/** An open receiver's page in the admin: holds the receiver watched, and shows its explanation as it is now. */

import { ask } from "./ask.js";

const EVERY_MS = 10_000;
const FIRST_AGAIN_MS = 2_000; // by then the poll that the first request asked for has been recorded

const section = document.querySelector("[data-watch]");
const status = section?.querySelector("[role=status]");
const told = status?.textContent;

async function fresh() {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const answer = await ask(section.dataset.watch, { method: "POST", headers: { "X-CSRFToken": token } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  section.querySelector(".explanation").replaceWith(page.querySelector(".explanation"));
}

async function watch(again) {
  try {
    await fresh();
    status.textContent = told;
  } catch {
    status.textContent =
      "This is not fresh any more: the server does not answer, or you are signed out. Reload the page.";
  }
  setTimeout(watch, again, EVERY_MS);
}

if (section) watch(FIRST_AGAIN_MS);
