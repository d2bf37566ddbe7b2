// The Markdown of a chunk as elements: enough of it to be read well. Nothing is ever parsed as HTML.

import { h, safeUrl } from "./dom.js";

const FENCE = /^(`{3,}|~{3,})\s*(\S*)/;
const HEADING = /^(#{1,6})\s+(.*)$/;
const ITEM = /^(\s*)(?:[-*+]|(\d+)[.)])\s+(.*)$/;
const TABLE_LINE = /^\s*\|.*\|\s*$/;
const DIVIDER = /^\s*\|(?:\s*:?-{1,}:?\s*\|)+\s*$/;
const INLINE = /(`+)(.+?)\1|!?\[((?:[^\[\]\\]|\\.)*)\]\(<?([^)\s>]*)>?(?:\s+"[^"]*")?\)|\*\*(.+?)\*\*|\*([^*\s][^*]*)\*|(?<![\p{L}\p{N}_])_([^_\s][^_]*)_(?![\p{L}\p{N}_])|~~(.+?)~~|\\([\\`*_\{\}\[\]\(\)#+\-.!\|~<>])|<br\s*\/?>/gu;

/** Words of a question that say nothing about what it asks for. */
const COMMON = new Set("about after also been before could does from have into more must need should some than that their them then there these they this those what when where which while will with would your".split(" "));

/** Elements for a piece of Markdown, with the words of the question marked. */
export function markdown(text, question = "") {
  const long = (question.match(/[\p{L}\p{N}]{4,}/gu) ?? []).filter((word) => !COMMON.has(word.toLowerCase()));
  const words = long.length ? long : (question.match(/[\p{L}\p{N}]+/gu) ?? []);
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const wanted = escaped.length ? new RegExp(`(?<![\\p{L}\\p{N}])(${escaped.join("|")})`, "giu") : null;
  return blocks(text.split("\n"), wanted);
}

function blocks(lines, wanted) {
  const found = [];
  for (let at = 0; at < lines.length; ) {
    const [element, next] = block(lines, at, wanted);
    if (element) found.push(element);
    at = next;
  }
  return found;
}

function block(lines, at, wanted) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  if (FENCE.test(line)) return code(lines, at);
  const heading = HEADING.exec(line);
  if (heading) return [h("p", { class: "md-heading" }, inline(heading[2], wanted)), at + 1];
  if (TABLE_LINE.test(line) && DIVIDER.test(lines[at + 1] ?? "")) return table(lines, at, wanted);
  if (ITEM.test(line)) return list(lines, at, wanted);
  if (line.startsWith(">")) return quote(lines, at, wanted);
  return paragraph(lines, at, wanted);
}

function code(lines, at) {
  const fence = FENCE.exec(lines[at])[1];
  let end = at + 1;
  while (end < lines.length && !lines[end].startsWith(fence)) end += 1;
  return [h("pre", {}, h("code", {}, lines.slice(at + 1, end).join("\n"))), end + 1];
}

function cells(line) {
  return line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function table(lines, at, wanted) {
  let end = at + 2;
  while (end < lines.length && TABLE_LINE.test(lines[end])) end += 1;
  const row = (line, tag) => h("tr", {}, cells(line).map((cell) => h(tag, {}, inline(cell, wanted))));
  const body = lines.slice(at + 2, end).map((line) => row(line, "td"));
  return [h("div", { class: "md-table" }, h("table", {}, h("thead", {}, row(lines[at], "th")), h("tbody", {}, body))), end];
}

function list(lines, at, wanted) {
  const ordered = ITEM.exec(lines[at])[2] !== undefined;
  const items = [];
  let end = at;
  while (end < lines.length && lines[end].trim()) {
    const item = ITEM.exec(lines[end]);
    if (item) items.push(h("li", { vars: { "--depth": String(Math.min(6, Math.floor(item[1].length / 2))) } }, inline(item[3], wanted)));
    else items.at(-1).append(" ", ...inline(lines[end].trim(), wanted));
    end += 1;
  }
  return [h(ordered ? "ol" : "ul", { start: ordered ? ITEM.exec(lines[at])[2] : null }, items), end];
}

function quote(lines, at, wanted) {
  let end = at;
  while (end < lines.length && lines[end].startsWith(">")) end += 1;
  return [h("blockquote", {}, blocks(lines.slice(at, end).map((line) => line.replace(/^>\s?/, "")), wanted)), end];
}

function paragraph(lines, at, wanted) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !FENCE.test(lines[end]) && !HEADING.test(lines[end]) && !ITEM.test(lines[end]) && !TABLE_LINE.test(lines[end])) end += 1;
  const texts = lines.slice(at, end).flatMap((line, index) => (index ? [" ", ...inline(line.trim(), wanted)] : inline(line.trim(), wanted)));
  return [h("p", {}, texts), end];
}

function inline(text, wanted) {
  const found = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    found.push(...marked(text.slice(last, match.index), wanted), span(match, wanted));
    last = match.index + match[0].length;
  }
  return [...found, ...marked(text.slice(last), wanted)];
}

function span(match, wanted) {
  const [whole, , codeText, label, target, strong, starred, underlined, struck, escaped] = match;
  const emphasis = starred ?? underlined;
  if (codeText !== undefined) return h("code", {}, codeText);
  if (label !== undefined) {
    const url = safeUrl(target);
    const words = inline(label, wanted);
    if (whole.startsWith("!")) return h("span", { class: "md-image" }, label || "image");
    return url ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, words) : h("span", {}, words);
  }
  if (strong) return h("strong", {}, inline(strong, wanted));
  if (emphasis) return h("em", {}, inline(emphasis, wanted));
  if (struck) return h("s", {}, inline(struck, wanted));
  return escaped ?? document.createElement("br");
}

function marked(text, wanted) {
  if (!text) return [];
  if (!wanted) return [text];
  return text.split(wanted).map((part, index) => (index % 2 ? h("mark", {}, part) : part));
}
