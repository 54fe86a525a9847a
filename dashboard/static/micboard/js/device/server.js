/** What the page asks of the server beside the feed: the past of a range, and to go on watching. */

import { ask } from "../ask.js";

const page = document.querySelector(".device");

/** The past of this range, as the page began with it, and the words for it as HTML. */
export async function pastOf(range) {
  const answer = await ask(`${page.dataset.history}?range=${range}`);
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

/** Have the receiver polled as one that somebody looks at, for a while from now on. */
export async function watch() {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  await ask(page.dataset.watch, { method: "POST", headers: { "X-CSRFToken": token } });
}

/** Put HTML that the server wrote where it belongs. */
export function put(element, html) {
  const written = new DOMParser().parseFromString(html, "text/html");
  element.replaceChildren(...written.body.childNodes);
}
