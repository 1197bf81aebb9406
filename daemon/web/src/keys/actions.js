// What can be done to keys, one or many.
import { patch, post, remove } from "../api.js";
import { copy, download } from "../clipboard.js";
import { plural } from "../format.js";
import { loadOverview } from "../overview.js";
import { ask, confirm, openDialog } from "../parts/dialog.js";
import { report, toast } from "../parts/toast.js";
import { CheckDialog } from "./check.js";
import { DetailsDialog } from "./details.js";
import { forgetKeys, keys, loadKeys, mergeKeys } from "./store.js";

const SLICE = 1000;  // ids in one request

async function bulk(ids, action, more = {}) {
  let changed = 0;
  const found = [];
  for (let i = 0; i < ids.length; i += SLICE) {
    const reply = await post("/api/admin/keys/bulk", { ids: ids.slice(i, i + SLICE), action, ...more });
    changed += reply.changed ?? 0;
    found.push(...(reply.keys ?? []));
  }
  return { changed, found };
}

/** Does it, says so, and brings the totals up to date. */
async function act(ids, action, done, more) {
  try {
    if (ids.length === 1 && !more && action !== "remove") {
      mergeKeys([await post(`/api/admin/keys/${ids[0]}/${action}`)]);
    } else {
      await bulk(ids, action, more);
      if (action === "remove") forgetKeys(ids);
      else await loadKeys();
    }
    toast(`${plural(ids.length, "key")} ${done}`);
    loadOverview().catch(() => {});
    return true;
  } catch (error) {
    report(error);
    return false;
  }
}

export const enable = (ids) => act(ids, "enable", "enabled");
export const disable = (ids) => act(ids, "disable", "disabled");
export const reset = (ids) => act(ids, "reset", "reset");

/** 'AIza…7fQ2', or '12 keys' */
export function nameOf(ids) {
  return ids.length === 1 ? (keys.get()?.get(ids[0])?.key ?? "this key") : plural(ids.length, "key");
}

export async function removeKeys(ids) {
  const sure = await confirm({
    title: `Delete ${nameOf(ids)}?`,
    text: `${ids.length === 1 ? "It leaves" : "They leave"} the key store for good; the log of requests stays. To take keys out of use for a while, disable them.`,
    action: `Delete ${plural(ids.length, "key")}`,
  });
  return sure && act(ids, "remove", "deleted");
}

export async function labelKeys(ids) {
  const all = [...keys.get().values()];
  const first = ids.length === 1 ? keys.get().get(ids[0])?.label : "";
  const label = await ask({
    title: `Label ${nameOf(ids)}`, label: "Label", value: first,
    hint: "Labels are for you: to find, filter and count keys by. Empty takes the label away.",
    suggestions: [...new Set(all.map((key) => key.label).filter(Boolean))].sort(),
  });
  return label !== null && act(ids, "label", "labelled", { label });
}

export async function editKey(id, fields) {
  const key = await patch(`/api/admin/keys/${id}`, fields);
  mergeKeys([key]);
  return key;
}

export const revealKey = async (id) => (await post(`/api/admin/keys/${id}/reveal`)).key;

export async function copyKeys(ids) {
  try {
    const whole = ids.length === 1 ? [await revealKey(ids[0])] : (await bulk(ids, "export")).found;
    await copy(whole.join("\n"), plural(whole.length, "key"));
  } catch (error) {
    report(error);
  }
}

export async function exportKeys(ids) {
  try {
    const { found } = await bulk(ids, "export");
    download("gembal-keys.txt", found.join("\n") + "\n");
    toast(`${plural(found.length, "key")} exported`);
  } catch (error) {
    report(error);
  }
}

export const checkKeys = (ids) => openDialog(CheckDialog, { ids });
export const showKey = (id) => openDialog(DetailsDialog, { id });

/** Asks before it takes a key away that is whole: for the details. */
export async function removeKey(id) {
  const sure = await confirm({ title: `Delete ${nameOf([id])}?`, text: "It leaves the key store for good.", action: "Delete key" });
  if (!sure) return false;
  await remove(`/api/admin/keys/${id}`);
  forgetKeys([id]);
  return true;
}
