// Copying, which browsers allow the new way only on https and localhost.
import { toast } from "./parts/toast.js";

function copyOldWay(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "offscreen";
  // Inside the open dialog, if there is one: what is outside of it cannot be selected.
  ([...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

/** Copies and says so; `what` is its name: "the key". */
export async function copy(text, what = "it") {
  const focused = document.activeElement;
  let done = false;
  try {
    await navigator.clipboard.writeText(text);
    done = true;
  } catch {
    done = copyOldWay(text);
    focused?.focus?.();
  }
  toast(done ? `Copied ${what}` : `This browser does not let ${what} be copied`, done ? {} : { bad: true });
}

/** Hands `text` over as a file. */
export function download(name, text, type = "text/plain") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
