/** The address of what is shown, for somebody else. */

import { toast } from "./toast.js";

export async function copyLink() {
  const copied = navigator.clipboard ? await written(location.href) : selected(location.href);
  toast(copied ? "Link copied" : `The link: ${location.href}`);
}

async function written(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return selected(text);
  }
}

// Without HTTPS browsers have no clipboard for pages, but copy what is selected.
function selected(text) {
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}
