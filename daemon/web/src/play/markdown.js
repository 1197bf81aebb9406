// What models write, as nodes: the common parts of Markdown. Nothing of the text ever becomes markup, and no link
// leads to a script.
import { html } from "../html.js";

const FENCE = /^\s*(```|~~~)\s*([\w+#.-]*)\s*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const RULE = /^\s*([-*_])(\s*\1){2,}\s*$/;
const INLINE = new RegExp([
  "(`+)([\\s\\S]*?[^`])\\1(?!`)",                       // 1, 2: code
  "!\\[([^\\]]*)\\]\\(([^\\s)]+)(?:\\s+\"[^\"]*\")?\\)",  // 3, 4: picture
  "\\[([^\\]]+)\\]\\(([^\\s)]+)(?:\\s+\"[^\"]*\")?\\)",   // 5, 6: link
  "\\*\\*([\\s\\S]+?)\\*\\*",                             // 7: bold
  "\\*(?!\\s)([\\s\\S]+?[^\\s*])\\*(?!\\*)|\\b_(?!\\s)([\\s\\S]+?[^\\s_])_\\b",  // 8, 9: slanted
  "~~([\\s\\S]+?)~~",                                     // 10: struck out
  "(https?:\\/\\/[^\\s<>\"')\\]]+)",                      // 11: an address
].join("|"));

const isLink = (to) => /^(https?:|mailto:)/i.test(to);
// Pictures come with the answer, or from the daemon itself: the pages load nothing from elsewhere.
const isPicture = (from) => /^data:image\/(png|jpeg|gif|webp);base64,/i.test(from) || (from.startsWith(location.origin + "/")) || /^\/(?!\/)/.test(from);

const link = (to, text) => (isLink(to) ? html`<a href=${to} target="_blank" rel="noreferrer noopener">${text}</a>` : text);

function inline(text) {
  const nodes = [];
  let rest = text;
  for (let match = INLINE.exec(rest); match; match = INLINE.exec(rest)) {
    if (match.index) nodes.push(rest.slice(0, match.index));
    rest = rest.slice(match.index + match[0].length);
    const [, , code, alt, picture, label, to, bold, slanted, slanted2, struck, address] = match;
    if (code !== undefined) nodes.push(html`<code>${code.trim()}</code>`);
    else if (picture !== undefined) nodes.push(isPicture(picture) ? html`<img src=${picture} alt=${alt || "Picture of the answer"} />` : link(picture, alt || picture));
    else if (to !== undefined) nodes.push(link(to, inline(label)));
    else if (bold !== undefined) nodes.push(html`<b>${inline(bold)}</b>`);
    else if (slanted ?? slanted2) nodes.push(html`<em>${inline(slanted ?? slanted2)}</em>`);
    else if (struck !== undefined) nodes.push(html`<s>${inline(struck)}</s>`);
    else if (address !== undefined) nodes.push(link(address, address));
  }
  if (rest) nodes.push(rest);
  return nodes;
}

const cellsOf = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim());
const isDivider = (line) => line !== undefined && /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(line) && line.includes("-");

function list(lines) {
  const [, indent, mark] = ITEM.exec(lines[0]);
  const items = [];
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item && item[1].length <= indent.length + 1) items.push({ text: item[3], below: [] });
    else items.at(-1).below.push(line.slice(Math.min(line.search(/\S|$/), indent.length + 2)));
  }
  const drawn = items.map(({ text, below }) => html`<li>${inline(text)}${below.some((line) => line.trim()) && blocks(below)}</li>`);
  return /\d/.test(mark) ? html`<ol start=${parseInt(mark, 10)}>${drawn}</ol>` : html`<ul>${drawn}</ul>`;
}

function blocks(lines) {
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    const fence = FENCE.exec(line);
    if (!line.trim()) {
      at++;
    } else if (fence) {
      let end = at + 1;
      while (end < lines.length && !lines[end].trim().startsWith(fence[1])) end++;
      nodes.push(html`<pre tabindex="0" aria-label=${fence[2] ? `Code, ${fence[2]}` : "Code"}><code>${lines.slice(at + 1, end).join("\n")}</code></pre>`);
      at = end + 1;
    } else if (/^#{1,6}\s/.test(line)) {
      nodes.push(html`<p class="md-heading" role="heading" aria-level="3">${inline(line.replace(/^#+\s+/, "").replace(/\s+#+\s*$/, ""))}</p>`);
      at++;
    } else if (RULE.test(line)) {
      nodes.push(html`<hr />`);
      at++;
    } else if (/^\s*>/.test(line)) {
      let end = at;
      while (end < lines.length && /^\s*>/.test(lines[end])) end++;
      nodes.push(html`<blockquote>${blocks(lines.slice(at, end).map((one) => one.replace(/^\s*> ?/, "")))}</blockquote>`);
      at = end;
    } else if (line.includes("|") && isDivider(lines[at + 1])) {
      let end = at + 2;
      while (end < lines.length && lines[end].includes("|")) end++;
      nodes.push(html`<div class="table-scroll"><table><thead><tr>${cellsOf(line).map((cell) => html`<th>${inline(cell)}</th>`)}</tr></thead>
        <tbody>${lines.slice(at + 2, end).map((row) => html`<tr>${cellsOf(row).map((cell) => html`<td>${inline(cell)}</td>`)}</tr>`)}</tbody></table></div>`);
      at = end;
    } else if (ITEM.test(line)) {
      let end = at + 1;
      while (end < lines.length && (ITEM.test(lines[end]) || /^\s{2,}\S/.test(lines[end]) || (!lines[end].trim() && ITEM.test(lines[end + 1] ?? "")))) end++;
      nodes.push(list(lines.slice(at, end).filter((one) => one.trim())));
      at = end;
    } else {
      let end = at + 1;
      while (end < lines.length && lines[end].trim() && !FENCE.test(lines[end]) && !ITEM.test(lines[end]) && !/^(#{1,6}\s|\s*>)/.test(lines[end])) end++;
      nodes.push(html`<p>${lines.slice(at, end).flatMap((one, i) => (i ? [html`<br />`, ...inline(one)] : inline(one)))}</p>`);
      at = end;
    }
  }
  return nodes;
}

export const Markdown = ({ text }) => html`<div class="markdown">${blocks(text.split("\n"))}</div>`;
