// The plan of a run: what happens to each page, why, and what became of it.

import { own } from "./api.js";
import { announce, h, outside, replace } from "./dom.js";
import { count, folderOf, moment, number, relative } from "./format.js";
import { empty, loading, refusal, withheldNotice } from "./notices.js";

const PAGE = 100;
const KINDS = { page: "page", blogpost: "blog post", attachment: "file" };
const ACTIONS = [
  ["fetch", "Fetch", "good"],
  ["delete", "Delete", "bad"],
  ["skip", "Skip", "care"],
  ["leave", "Leave", "quiet"],
];

/** What became of a page, as the server calls it: colour and meaning. */
const OUTCOMES = {
  refused: ["bad", "Twig did not take it; the tab Quarantine has Twig's words"],
  quarantined: ["bad", "it could not be fetched or converted; the tab Quarantine says why"],
  "held back": ["care", "Twig would have lost much of its text, so it was not sent"],
  "not fetched": ["care", "it was gone when the run asked for it, or the run ended before"],
  "kept in Twig": ["care", "nobody approved its deletion, or another run loaded it again"],
  "not done": ["quiet", "a dry run plans only"],
  waiting: ["busy", "its turn has not come"],
  fetched: ["busy", "Confluence gave its text, which is not converted yet"],
  converted: ["busy", "it is ready for Twig, and the load has not ended"],
  loaded: ["good", "Twig was given it, or had it like that already"],
  deleted: ["good", "Twig does not hold it any more"],
  "kept out": ["quiet", "restrictions, labels or kinds of content keep it out of Twig"],
  left: ["quiet", "nothing about it has changed, or it is outside of what the run covers"],
};
const MEANINGS = {
  Fetch: "the page is new or has changed: its text is fetched, converted and loaded",
  Delete: "Twig holds the page, and must not any more",
  Skip: "the page is kept out of Twig",
  Leave: "nothing happens to the page",
};

/** Fill the tab. */
export function planTab(panel, context) {
  const query = new URLSearchParams(location.hash.split("?")[1] ?? "");
  const asks = ["run", "action", "reason", "outcome", "search"];
  const wanted = {
    ...Object.fromEntries(asks.map((name) => [name, query.get(name) ?? ""])),
    offset: Math.max(0, (Number(query.get("page")) || 1) - 1) * PAGE,
  };
  const head = h("div", { class: "panel-head plan-head" });
  const tools = h("div", { class: "tools" });
  const body = h("div", { "aria-busy": "true" }, loading("Loading the plan…"));
  let asked = new AbortController();
  replace(panel, head, tools, body, h("details", { class: "words" }, h("summary", {}, "What the words mean"), meanings()));

  async function ask({ afresh = false } = {}) {
    asked.abort();
    asked = new AbortController();
    keep(wanted);
    body.setAttribute("aria-busy", "true");
    try {
      const signal = AbortSignal.any([context.signal, asked.signal]);
      const found = await own(`sources/${encodeURIComponent(context.source.dag_id)}/plan`, { ...wanted, limit: PAGE }, signal);
      if (found.run && (afresh || !tools.childElementCount)) replace(tools, ...filterBar(wanted, found, changed));
      replace(body, ...drawRows(found, wanted, go));
      saved.href = found.run ? csvAddress(context, wanted, found) : "";
      saved.hidden = !found.total;
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
  const saved = h("a", { class: "button", "data-leave-frame": true, hidden: true }, "Download as CSV");
  const of = h("select", { class: "field", "aria-label": "Run", on: { change: () => other(of.value) } }, h("option", { value: "" }, "Newest plan"));
  function other(run) {
    Object.assign(wanted, { run, action: "", reason: "", outcome: "", search: "", offset: 0 });
    ask({ afresh: true });
  }
  replace(head, of, saved);
  ask();
  listRuns(of, context, wanted);
}

async function listRuns(select, context, wanted) {
  try {
    const { runs } = await own(`sources/${encodeURIComponent(context.source.dag_id)}/plans`, {}, context.signal);
    select.append(...runs.map((run) => h("option", { value: run.folder }, `${moment(run.ended_at)} · ${run.kind}${run.state === "failed" ? ", failed" : run.state === "running" ? ", running" : ""}`)));
    if (wanted.run) select.value = folderOf(wanted.run);
    if (!select.value) select.value = "";
  } catch {
    // The newest plan is shown; without the list there is no other to choose.
  }
}

function csvAddress(context, { action, reason, outcome, search }, { run }) {
  const query = new URLSearchParams(Object.entries({ run, action, reason, outcome, search }).filter(([, value]) => value));
  return `api/sources/${encodeURIComponent(context.source.dag_id)}/plan.csv?${query}`;
}

function meanings() {
  const line = (word, meaning) => h("div", {}, h("dt", {}, word), h("dd", {}, meaning));
  return h("dl", { class: "card meanings" }, Object.entries(MEANINGS).map(([word, meaning]) => line(word, meaning)), Object.entries(OUTCOMES).map(([word, [, meaning]]) => line(word, meaning)));
}

function keep({ run, action, reason, outcome, search, offset }) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ run, action, reason, outcome, search, page: offset ? offset / PAGE + 1 : "" })) {
    if (value) query.set(name, value);
  }
  const address = location.hash.split("?")[0];
  history.replaceState(null, "", query.size ? `${address}?${query}` : address);
}

function filterBar(wanted, { counts, outcomes }, changed) {
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
  const became = h(
    "select",
    { class: "field", "aria-label": "Outcome", on: { change: () => changed({ outcome: became.value }) } },
    h("option", { value: "" }, "Every outcome"),
    Object.entries(outcomes).map(([outcome, pages]) => h("option", { value: outcome, selected: outcome === wanted.outcome }, `${outcome} (${number(pages)})`)),
  );
  listReasons();
  const all = ACTIONS.reduce((sum, [action]) => sum + amount(action), 0);
  return [
    h("div", { class: "segments", role: "group", "aria-label": "Action" }, segment("", "All", all), ACTIONS.map(([action, label]) => segment(action, label, amount(action)))),
    reasons,
    became,
    search,
  ];
}

function drawRows(found, wanted, go) {
  if (!found.run && wanted.run) return [empty("No plan of this run", "It made none, or it is not kept any more: keep_runs in the source says how many runs are. Choose another run.")];
  if (!found.run) return [empty("No plan yet", "The first run writes one: a line for every page of the space, with the reason for what happens to it.")];
  if (!found.total) {
    const nothing = empty("No page fits", "Choose another action, reason or outcome, or search for less.");
    return [(wanted.search || !found.withheld) && nothing, found.withheld > 0 && withheldNotice(found.withheld)];
  }
  const heads = ["Action", "Page", "Why", "Outcome", "Version", "Modified"];
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
    h("th", { scope: "row", role: "rowheader" }, outside(row.url, { class: "open" }, row.title || "Untitled"), h("span", { class: "sub" }, `${KINDS[row.kind] ?? row.kind} ${row.page_id}`)),
    cell("Why", row.reason),
    cell("Outcome", outcome(row)),
    cell("Version", versions(row)),
    cell("Modified", row.modified_at ? h("time", { datetime: row.modified_at, title: moment(row.modified_at) }, relative(row.modified_at)) : "–"),
  );
}

function outcome(row) {
  const [tone, meaning] = OUTCOMES[row.outcome];
  return h("span", { class: "state", title: meaning }, h("span", { class: `dot ${tone}`, "aria-hidden": "true" }), row.outcome);
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
