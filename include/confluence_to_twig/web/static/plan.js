// The plan of the newest run: what happens to each page, and why.

import { own } from "./api.js";
import { announce, h, outside, replace } from "./dom.js";
import { count, moment, number, relative } from "./format.js";
import { empty, loading, refusal, withheldNotice } from "./notices.js";

const PAGE = 100;
const ACTIONS = [
  ["fetch", "Fetch", "good"],
  ["delete", "Delete", "bad"],
  ["skip", "Skip", "care"],
  ["leave", "Leave", "quiet"],
];

/** Fill the tab. */
export function planTab(panel, context) {
  const query = new URLSearchParams(location.hash.split("?")[1] ?? "");
  const wanted = {
    action: query.get("action") ?? "",
    reason: query.get("reason") ?? "",
    search: query.get("search") ?? "",
    offset: Math.max(0, (Number(query.get("page")) || 1) - 1) * PAGE,
  };
  const tools = h("div", { class: "tools" });
  const body = h("div", { "aria-busy": "true" }, loading("Loading the plan…"));
  let asked = new AbortController();
  replace(panel, tools, body);

  async function ask() {
    asked.abort();
    asked = new AbortController();
    keep(wanted);
    body.setAttribute("aria-busy", "true");
    try {
      const signal = AbortSignal.any([context.signal, asked.signal]);
      const found = await own(`sources/${encodeURIComponent(context.source.dag_id)}/plan`, { ...wanted, limit: PAGE }, signal);
      if (!tools.childElementCount && found.run) replace(tools, ...filterBar(wanted, found.counts, changed));
      replace(body, ...drawRows(found, wanted, go));
      for (const chip of tools.querySelectorAll(".segment")) chip.setAttribute("aria-pressed", String(chip.dataset.action === wanted.action));
      announce(count(found.total, "page"));
    } catch (error) {
      if (error.name === "AbortError" || context.signal.aborted) return;
      replace(body, refusal(error, ask));
    }
    body.setAttribute("aria-busy", "false");
  }
  function changed(change) {
    Object.assign(wanted, change, { offset: 0 });
    ask();
  }
  function go(offset) {
    wanted.offset = offset;
    ask().then(() => panel.scrollIntoView({ block: "start" }));
  }
  ask();
}

function keep({ action, reason, search, offset }) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ action, reason, search, page: offset ? offset / PAGE + 1 : "" })) {
    if (value) query.set(name, value);
  }
  const address = location.hash.split("?")[0];
  history.replaceState(null, "", query.size ? `${address}?${query}` : address);
}

function filterBar(wanted, counts, changed) {
  const amount = (action) => Object.values(counts[action] ?? {}).reduce((sum, value) => sum + value, 0);
  const reasons = h("select", { class: "field", "aria-label": "Reason", on: { change: () => changed({ reason: reasons.value }) } });
  const listReasons = () => {
    const actions = wanted.action ? ACTIONS.filter(([action]) => action === wanted.action) : ACTIONS;
    reasons.replaceChildren(
      h("option", { value: "" }, "Every reason"),
      ...actions
        .filter(([action]) => amount(action))
        .map(([action, label]) =>
          h(
            "optgroup",
            { label },
            Object.entries(counts[action]).map(([reason, value]) =>
              h("option", { value: reason, selected: reason === wanted.reason }, `${reason} (${number(value)})`),
            ),
          ),
        ),
    );
  };
  const segment = (action, label, pages) =>
    h(
      "button",
      {
        type: "button",
        class: "segment",
        "data-action": action,
        "aria-pressed": String(wanted.action === action),
        on: {
          click: () => {
            changed({ action, reason: "" });
            listReasons();
          },
        },
      },
      `${label} `,
      h("span", { class: "amount" }, number(pages)),
    );
  let timer;
  const search = h("input", {
    type: "search",
    class: "field",
    placeholder: "Title or page id",
    "aria-label": "Search in the plan",
    value: wanted.search,
    on: {
      input: () => {
        clearTimeout(timer);
        timer = setTimeout(() => changed({ search: search.value }), 250);
      },
    },
  });
  listReasons();
  const all = ACTIONS.reduce((sum, [action]) => sum + amount(action), 0);
  return [
    h("div", { class: "segments", role: "group", "aria-label": "Action" }, segment("", "All", all), ACTIONS.map(([action, label]) => segment(action, label, amount(action)))),
    reasons,
    search,
  ];
}

function drawRows(found, wanted, go) {
  if (!found.run) return [empty("No plan yet", "The first run writes one: a line for every page of the space, with the reason for what happens to it.")];
  if (!found.total) return [found.withheld > 0 ? withheldNotice(found.withheld) : empty("No page fits", "Choose another action or reason, or search for less.")];
  const heads = ["Action", "Page", "Why", "Version", "Modified"];
  return [
    h(
      "div",
      { class: "card sheet" },
      h(
        "table",
        { class: "stacks", role: "table" },
        h("caption", { class: "unseen" }, "Pages of the plan"),
        h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heads.map((label) => h("th", { scope: "col", role: "columnheader" }, label)))),
        h("tbody", { role: "rowgroup" }, found.rows.map(planRow)),
      ),
    ),
    pager(found, wanted.offset, go),
    found.withheld > 0 && withheldNotice(found.withheld),
  ];
}

function planRow(row) {
  const [, label, tone] = ACTIONS.find(([action]) => action === row.action);
  const cell = (name, ...content) => h("td", { role: "cell", "data-label": name }, ...content);
  return h(
    "tr",
    { role: "row" },
    cell("Action", h("span", { class: `tag ${tone}` }, label)),
    h("th", { scope: "row", role: "rowheader" }, outside(row.url, { class: "open" }, row.title || "Untitled"), h("span", { class: "sub" }, `${row.kind === "blogpost" ? "blog post" : "page"} ${row.page_id}`)),
    cell("Why", row.reason),
    cell("Version", versions(row)),
    cell("Modified", row.modified_at ? h("time", { datetime: row.modified_at, title: moment(row.modified_at) }, relative(row.modified_at)) : "–"),
  );
}

function versions({ version, manifest_version: held }) {
  if (version === null) return h("span", {}, `${held} in Twig`);
  if (held === null) return h("span", {}, number(version));
  return held === version ? h("span", {}, number(version)) : h("span", {}, `${number(held)} → ${number(version)}`);
}

function pager(found, offset, go) {
  if (found.total <= PAGE) return h("p", { class: "sub pager" }, count(found.total, "page"));
  const last = Math.floor((found.total - 1) / PAGE) * PAGE;
  const button = (label, to, key) =>
    h("button", { type: "button", class: "button", disabled: to < 0 || to > last || to === offset, "data-key": key, on: { click: () => go(to) } }, label);
  return h(
    "nav",
    { class: "pager", "aria-label": "Pages of the list" },
    button("First", 0, "first"),
    button("Previous", offset - PAGE, "previous"),
    h("span", { class: "sub" }, `${number(offset + 1)}–${number(Math.min(offset + PAGE, found.total))} of ${number(found.total)}`),
    button("Next", offset + PAGE, "next"),
    button("Last", last, "last"),
  );
}
