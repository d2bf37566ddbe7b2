// The spaces of a source that has many: how each was looked at, and what the plan does to its pages.

import { own } from "./api.js";
import { h, replace } from "./dom.js";
import { count, number, relative } from "./format.js";
import { empty, loading, refusal } from "./notices.js";

/** Rows that are drawn: a table of thousands is slow, and nobody reads it. */
const SHOWN = 500;

/** Fill the tab. */
export async function spacesTab(panel, context) {
  if (!context.again) replace(panel, loading());
  try {
    const found = await own(`sources/${encodeURIComponent(context.source.dag_id)}/spaces`, {}, context.signal);
    if (!context.signal.aborted) replace(panel, ...drawn(found));
  } catch (error) {
    if (!context.signal.aborted) replace(panel, refusal(error, () => location.reload()));
  }
}

function drawn({ run, ended_at, spaces }) {
  if (!run) return [empty("No space yet", "The first run finds the spaces that fit, and has a row for each.")];
  const rows = spaces.toSorted((a, b) => Boolean(b.problem) - Boolean(a.problem) || work(b) - work(a) || a.key.localeCompare(b.key));
  const unseen = spaces.filter((space) => !space.complete).length;
  return [
    h("p", { class: "sub lead" }, `${count(spaces.length, "space")} in the run that ended ${relative(ended_at)}; ${unseen ? `${number(unseen)} not seen in full, whose pages stay as they are` : "all of them seen"}.`),
    h(
      "div",
      { class: "card sheet" },
      h(
        "table",
        { class: "stacks", role: "table" },
        h("caption", { class: "unseen" }, "Spaces"),
        h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ["Space", "Look", "Pages", "Plan"].map((label) => h("th", { scope: "col", role: "columnheader" }, label)))),
        h("tbody", { role: "rowgroup" }, rows.slice(0, SHOWN).map(row)),
      ),
    ),
    rows.length > SHOWN && h("p", { class: "sub" }, `and ${count(rows.length - SHOWN, "more space")}`),
  ];
}

function row(space) {
  return h(
    "tr",
    { role: "row" },
    h("th", { scope: "row", role: "rowheader" }, space.key, h("span", { class: "sub" }, space.name)),
    cell("Look", space.problem ? h("span", { class: "bad" }, space.problem) : h("span", { title: space.why ?? "" }, space.look ?? "–")),
    cell("Pages", space.pages === null ? "–" : number(space.pages)),
    cell("Plan", planned(space.plan) || "nothing to do"),
  );
}

function cell(label, ...content) {
  return h("td", { role: "cell", "data-label": label }, ...content);
}

function total(reasons) {
  return Object.values(reasons ?? {}).reduce((sum, amount) => sum + amount, 0);
}

function work({ plan }) {
  return total(plan.fetch) + total(plan.delete) + total(plan.skip);
}

function planned(plan) {
  const parts = [
    ["fetch", "fetched"],
    ["delete", "deleted"],
    ["skip", "left out"],
  ].map(([action, word]) => total(plan[action]) && `${number(total(plan[action]))} ${word}`);
  return parts.filter(Boolean).join(", ");
}
