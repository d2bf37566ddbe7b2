// The spaces of a source that has many: how each was looked at, and what the plan does to its pages.

import { own } from "./api.js";
import { announce, h, replace } from "./dom.js";
import { count, number, relative } from "./format.js";
import { empty, loading, refusal } from "./notices.js";

/** Rows that are drawn at first. */
const SHOWN = 100;
/** What of the spaces is listed, with those that need attention first. */
const GROUPS = [
  ["", "All", () => true],
  ["attention", "Not seen in full", (space) => rank(space) === 0],
  ["deletes", "With deletions", (space) => total(space.plan.delete) > 0],
  ["work", "With news", (space) => work(space) > 0],
  ["quiet", "Quiet", (space) => rank(space) === 3],
];
const LOOKS = { sweep: "Full sweep", lane: "Lane" };

/** Fill the tab. What was chosen in it stays when the tab is brought up to date. */
export async function spacesTab(panel, context) {
  if (!context.again) replace(panel, loading());
  const wanted = (context.kept.spaces ??= { group: "", search: "", all: false });
  try {
    const found = await own(`sources/${encodeURIComponent(context.source.dag_id)}/spaces`, {}, context.signal);
    if (!context.signal.aborted) replace(panel, ...drawn(found, wanted));
  } catch (error) {
    if (!context.signal.aborted) replace(panel, refusal(error, () => location.reload()));
  }
}

function drawn({ run, ended_at, spaces }, wanted) {
  if (!run) return [empty("No space yet", "The first run finds the spaces that fit, and has a row for each.")];
  const sorted = spaces.toSorted((a, b) => rank(a) - rank(b) || work(b) - work(a) || a.key.localeCompare(b.key));
  const body = h("div", {});
  const draw = () => {
    const [, , fits] = GROUPS.find(([group]) => group === wanted.group);
    const words = wanted.search.trim().toLowerCase();
    const rows = sorted.filter((space) => fits(space) && `${space.key} ${space.name}`.toLowerCase().includes(words));
    replace(body, ...table(rows, wanted, draw));
    announce(count(rows.length, "space"));
  };
  draw();
  return [h("p", { class: "sub lead" }, summary(spaces, ended_at)), tools(spaces, wanted, draw), body];
}

function summary(spaces, endedAt) {
  const unseen = spaces.filter((space) => rank(space) === 0).length;
  const seen = unseen ? `${number(unseen)} not seen in full, whose pages stay as they are` : "all of them seen";
  return `${count(spaces.length, "space")} in the run that ended ${relative(endedAt)}; ${seen}.`;
}

function tools(spaces, wanted, draw) {
  const segments = GROUPS.map(([group, label, fits]) =>
    h(
      "button",
      { type: "button", class: "segment", "data-group": group, "aria-pressed": String(wanted.group === group), on: { click: () => choose(group) } },
      `${label} `,
      h("span", { class: "amount" }, number(spaces.filter(fits).length)),
    ),
  );
  function choose(group) {
    Object.assign(wanted, { group, all: false });
    for (const segment of segments) segment.setAttribute("aria-pressed", String(segment.dataset.group === group));
    draw();
  }
  const search = h("input", {
    type: "search",
    class: "field",
    placeholder: "Key or name",
    "aria-label": "Search in the spaces",
    value: wanted.search,
    on: {
      input: () => {
        Object.assign(wanted, { search: search.value, all: false });
        draw();
      },
    },
  });
  return h("div", { class: "tools" }, h("div", { class: "segments", role: "group", "aria-label": "Which spaces" }, segments), search);
}

function table(rows, wanted, draw) {
  if (!rows.length) return [empty("No space fits", "Choose another group, or search for less.")];
  const shown = wanted.all ? rows : rows.slice(0, SHOWN);
  const more = () => {
    wanted.all = true;
    draw();
  };
  return [
    h(
      "div",
      { class: "card sheet" },
      h(
        "table",
        { class: "stacks", role: "table" },
        h("caption", { class: "unseen" }, "Spaces"),
        h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ["Space", "Look", "Pages", "Plan"].map((label) => h("th", { scope: "col", role: "columnheader" }, label)))),
        h("tbody", { role: "rowgroup" }, shown.map(row)),
      ),
    ),
    shown.length < rows.length &&
      h(
        "p",
        { class: "pager" },
        h("span", { class: "sub" }, `${number(shown.length)} of ${count(rows.length, "space")}`),
        h("button", { type: "button", class: "button", on: { click: more } }, "Show all"),
      ),
  ];
}

function row(space) {
  return h(
    "tr",
    { role: "row" },
    h("th", { scope: "row", role: "rowheader" }, space.key, h("span", { class: "sub" }, space.name)),
    cell("Look", look(space)),
    cell("Pages", space.pages === null ? "–" : number(space.pages)),
    cell("Plan", planned(space)),
  );
}

function look(space) {
  if (space.problem || !space.complete) return h("span", {}, h("span", { class: "tag bad" }, "Not seen in full"), space.problem && h("span", { class: "sub" }, space.problem));
  return h("span", {}, LOOKS[space.look] ?? space.look, space.why && h("span", { class: "sub" }, space.why));
}

function cell(label, ...content) {
  return h("td", { role: "cell", "data-label": label }, ...content);
}

function total(reasons) {
  return Object.values(reasons ?? {}).reduce((sum, amount) => sum + amount, 0);
}

function work({ plan }) {
  return total(plan.fetch) + total(plan.delete);
}

/** 0: not seen in full, 1: pages are deleted, 2: pages are fetched, 3: nothing happens. */
function rank(space) {
  if (space.problem || !space.complete) return 0;
  if (total(space.plan.delete)) return 1;
  return work(space) ? 2 : 3;
}

/** What the plan does, with the reasons for what is deleted or left out. */
function planned(space) {
  const { plan } = space;
  const parts = [
    ["fetch", "fetched"],
    ["delete", "deleted"],
    ["skip", "left out"],
  ].filter(([action]) => total(plan[action]));
  if (!parts.length) return h("span", { class: "sub" }, rank(space) === 0 ? "its pages stay as they are" : "nothing to do");
  const reasons = [...Object.entries(plan.delete ?? {}), ...Object.entries(plan.skip ?? {})].map(([reason, amount]) => `${number(amount)} ${reason}`);
  return h(
    "span",
    {},
    parts.map(([action, word]) => `${number(total(plan[action]))} ${word}`).join(", "),
    reasons.length > 0 && h("span", { class: "sub" }, reasons.join(", ")),
  );
}
