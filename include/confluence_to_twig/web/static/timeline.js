// The timeline of a source: one row an event, the newest first.

import { h, inside, replace } from "./dom.js";
import { count, moment, number, relative, worked } from "./format.js";

const SHOWN_AT_ONCE = 50;
const KINDS = {
  sync: "Sync",
  backfill: "Backfill",
  "dry run": "Dry run",
  "chosen pages": "Chosen pages",
  configuration: "Configuration",
  converter: "Converter",
  approval: "Approval",
};
const FILTERS = [
  ["", "Everything", () => true],
  ["sync", "Syncs", (entry) => entry.kind === "sync"],
  ["failed", "Failures", (entry) => entry.run?.state === "failed"],
  ["other", "Other runs", (entry) => entry.run && entry.kind !== "sync"],
  ["changes", "Approvals and changes", (entry) => !entry.run],
];

/** The list with its filter. `runs` and `events` are as the server gives them, oldest first. */
export function timeline(runs, events, context) {
  const entries = merged(runs, events);
  const list = h("div", {});
  const offered = FILTERS.map(([key, label, fits]) => ({ key, label, found: entries.filter(fits) })).filter(({ key, found }) => !key || found.length);
  const buttons = offered.map(({ label, found }, index) =>
    h("button", { type: "button", class: "segment", "aria-pressed": String(index === 0), on: { click: () => choose(index) } }, `${label} `, h("span", { class: "amount" }, number(found.length))),
  );
  function choose(index) {
    for (const [place, button] of buttons.entries()) button.setAttribute("aria-pressed", String(place === index));
    replace(list, ...drawn(offered[index].found, context));
  }
  choose(0);
  return h("section", { class: "timeline" }, h("h2", {}, "Timeline"), h("div", { class: "tools" }, h("div", { class: "segments", role: "group", "aria-label": "Events shown" }, buttons)), list);
}

function merged(runs, events) {
  const entries = [
    ...runs.map((run) => ({ at: run.ended_at, kind: run.kind, run })),
    ...events.map((event) => ({ at: event.at, kind: event.kind, text: event.text, run_id: runs.find((run) => run.folder === event.folder)?.run_id ?? "" })),
  ];
  return entries.sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

function drawn(entries, context) {
  const body = h("tbody", { role: "rowgroup" });
  const more = h("button", { type: "button", class: "button", on: { click: () => grow() } });
  let shown = 0;
  function grow() {
    body.append(...entries.slice(shown, shown + SHOWN_AT_ONCE).map((entry) => row(entry, context)));
    shown = Math.min(entries.length, shown + SHOWN_AT_ONCE);
    more.textContent = `Show ${number(Math.min(SHOWN_AT_ONCE, entries.length - shown))} more of ${number(entries.length)}`;
    more.hidden = shown >= entries.length;
  }
  grow();
  const heads = ["When", "What", "What came of it", "Changed", "Removed", "Failed", "At work", "Look"];
  const table = h(
    "table",
    { class: "stacks", role: "table" },
    h("caption", { class: "unseen" }, `What happened to ${context.source.name}, newest first`),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heads.map((label) => h("th", { scope: "col", role: "columnheader" }, label)))),
    body,
  );
  return [h("div", { class: "card sheet" }, table), h("p", { class: "actions more-events" }, more)];
}

function row(entry, context) {
  const { at, kind, run } = entry;
  const cell = (name, ...content) => h("td", { role: "cell", "data-label": name }, ...content);
  const figure = (name, value) => cell(name, run ? number(value) : "–");
  return h(
    "tr",
    { role: "row", class: run?.state === "failed" ? "is-failed" : null },
    h("th", { scope: "row", role: "rowheader" }, h("time", { datetime: at, title: moment(at) }, moment(at)), h("span", { class: "sub" }, relative(at))),
    cell("What", h("span", { class: "state" }, h("span", { class: `dot ${tone(entry)}`, "aria-hidden": "true" }), KINDS[kind] ?? kind)),
    cell("What came of it", ...outcome(entry)),
    figure("Changed", run?.changed),
    figure("Removed", run?.removed),
    figure("Failed", run?.failed),
    cell("At work", run ? worked(run) : "–"),
    cell("Look", links(entry, context)),
  );
}

function tone({ run }) {
  return run ? { success: "good", failed: "bad", running: "busy" }[run.state] ?? "quiet" : "quiet";
}

function outcome({ run, text }) {
  if (!run) return [text];
  if (run.state === "failed") return [h("span", { class: "bad" }, run.problem || "failed, and no task says why"), run.remedy && h("span", { class: "sub" }, run.remedy.split("\n")[0])];
  const left = run.warnings ? count(run.warnings, "warning") : "";
  return [run.state === "running" ? `under way: ${run.summary}` : run.summary, left && h("span", { class: "sub" }, left)];
}

function links({ run, run_id }, context) {
  const id = run ? run.run_id : run_id;
  if (!id) return "–";
  const path = `dags/${context.source.dag_id}/runs/${encodeURIComponent(id)}`;
  const task = run && (run.failed_in || (run.state === "success" ? "verify" : ""));
  return h(
    "span",
    { class: "links" },
    inside(path, {}, "Run", h("span", { class: "unseen" }, ` ${id}`)),
    task && inside(`${path}/tasks/${task}`, {}, "Log", h("span", { class: "unseen" }, ` of ${task} in ${id}`)),
    run && h("a", { href: `#/${encodeURIComponent(context.source.name)}/plan?run=${encodeURIComponent(run.folder)}` }, "Plan", h("span", { class: "unseen" }, ` of ${id}`)),
  );
}
