// All sources, a row each.

import { announce, h, replace } from "./dom.js";
import { age, compact, count, day, moment, number, relative } from "./format.js";
import { empty } from "./notices.js";
import { badge, STATES, stateOf } from "./status.js";

const COLUMNS = [
  ["state", "Status", (source) => STATES[source.state].rank],
  ["name", "Source", (source) => source.name.toLowerCase()],
  ["pages", "Pages → chunks", (source) => -(source.held?.pages ?? -1)],
  ["sync", "Last sync", (source) => source.synced_at ?? ""],
  ["fresh", "Freshness", (source) => source.freshness.in_step_until ?? ""],
  ["next", "Next run", (source) => source.live?.dag.next_dagrun_run_after ?? "9"],
  ["token", "Token", (source) => source.token.days_left ?? Infinity],
];

/** Build the view in `page`; returns the function that brings it up to date. */
export function overview(page) {
  const view = { sort: null, descending: false, search: "", only: null, sources: [] };
  const head = h("div", {});
  const banners = h("div", {});
  const body = h("div", {});
  const draw = () => replace(body, ...drawList(view, draw));
  const search = h("input", {
    type: "search",
    class: "field",
    placeholder: "Find a source",
    "aria-label": "Find a source",
    on: {
      input: () => {
        view.search = search.value.trim().toLowerCase();
        draw();
      },
    },
  });
  const tools = h("div", { class: "tools" }, search);
  replace(page, h("header", { class: "title" }, h("h1", {}, "Confluence → Twig"), head), banners, tools, body);
  return (data) => {
    view.sources = data.sources.map((source) => ({ ...source, state: stateOf(source, source.live).state }));
    tools.hidden = view.sources.length < 6;
    replace(head, ...filters(view, draw));
    view.mistakes = data.mistakes;
    replace(banners, ...warnings(data));
    draw();
  };
}

function filters(view, draw) {
  const counts = Object.groupBy(view.sources, (source) => source.state);
  const toggle = (state) => () => {
    view.only = view.only === state ? null : state;
    draw();
    for (const chip of document.querySelectorAll(".chip[data-state]")) {
      chip.setAttribute("aria-pressed", String(chip.dataset.state === view.only));
    }
    announce(view.only ? `Showing ${STATES[state].word.toLowerCase()} sources` : "Showing all sources");
  };
  const chips = Object.entries(STATES)
    .filter(([state]) => counts[state])
    .map(([state, { word, tone }]) =>
      h(
        "button",
        {
          type: "button",
          class: "chip",
          "data-state": state,
          "data-key": `only-${state}`,
          "aria-pressed": String(view.only === state),
          on: { click: toggle(state) },
        },
        h("span", { class: `dot ${tone}`, "aria-hidden": "true" }),
        `${number(counts[state].length)} ${word.toLowerCase()}`,
      ),
    );
  const add = h("a", { class: "button", "data-key": "add", href: "#/+add" }, "Add a source");
  return [h("div", { class: "actions" }, h("div", { class: "chips", role: "group", "aria-label": "Show only" }, chips), add)];
}

function warnings(data) {
  const banners = [];
  if (data.mistakes > 0) {
    banners.push(
      h(
        "p",
        { class: "banner care" },
        `${count(data.mistakes, "mistake")} in the sources file: the sources concerned are missing here. `,
        h("a", { href: "../", "data-leave-frame": true }, "Airflow's start page"),
        " lists them under import errors.",
      ),
    );
  }
  if (!data.airflowAnswers) {
    banners.push(h("p", { class: "banner care" }, "Airflow's REST API does not answer: run states and next runs are missing."));
  }
  return banners;
}

function drawList(view, draw) {
  if (!view.sources.length) {
    if (view.mistakes) {
      return [empty("No source can be used", "The sources file is there, and something in it is wrong. Airflow's start page says what, under import errors. Runs that are going on are not concerned.")];
    }
    return [
      empty(
        "No source yet",
        "Add an entry to include/sources.yaml: a name and a space key are enough. Its DAG, and its row here, appear within a minute. Add a source, above, makes the lines to paste.",
      ),
    ];
  }
  const fits = (source) =>
    (!view.only || source.state === view.only) &&
    (!view.search || [source.name, source.space_key, source.space_name, source.data_source_name].some((text) => text.toLowerCase().includes(view.search)));
  const rows = sorted(view.sources.filter(fits), view);
  if (!rows.length) return [empty("No source fits", "Clear the search, or choose another status.")];
  return [
    h(
      "div",
      { class: "card sheet" },
      h(
        "table",
        { class: "sources", role: "table" },
        h("caption", { class: "unseen" }, "Sources"),
        h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, COLUMNS.map((column) => heading(column, view, draw)))),
        h("tbody", { role: "rowgroup" }, rows.map(row)),
      ),
    ),
  ];
}

function sorted(sources, view) {
  const column = COLUMNS.find(([key]) => key === view.sort);
  if (!column) return sources;
  const value = column[2];
  const order = (a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0);
  return sources.toSorted((a, b) => (view.descending ? order(b, a) : order(a, b)));
}

function heading([key, label], view, draw) {
  const chosen = view.sort === key;
  const sort = () => {
    view.descending = chosen && !view.descending;
    view.sort = key;
    draw();
  };
  return h(
    "th",
    { scope: "col", role: "columnheader", "aria-sort": chosen ? (view.descending ? "descending" : "ascending") : null },
    h(
      "button",
      { type: "button", class: "sort", "data-key": `sort-${key}`, on: { click: sort } },
      label,
      h("span", { class: "arrow", "aria-hidden": "true" }, chosen ? (view.descending ? "↓" : "↑") : ""),
    ),
  );
}

function row(source) {
  const cell = (label, ...content) => h("td", { role: "cell", "data-label": label }, ...content);
  return h(
    "tr",
    { role: "row", class: `is-${source.state}` },
    cell("Status", badge(source.state, source.live?.dag.is_paused)),
    h(
      "th",
      { scope: "row", role: "rowheader" },
      h("a", { class: "open", "data-key": `source-${source.name}`, href: `#/${encodeURIComponent(source.name)}` }, source.name),
      h("span", { class: "sub" }, source.space_name ? `${source.space_key} · ${source.space_name}` : `${source.many_spaces ? "Spaces" : "Space"} ${source.space_key}`),
    ),
    cell("Pages → chunks", held(source)),
    cell("Last sync", lastSync(source)),
    cell("Freshness", freshness(source.freshness)),
    cell("Next run", nextRun(source)),
    cell("Token", token(source.token)),
  );
}

/** "245 → 1,200"; with files as documents "245 + 31 → 1,200". */
export function held(source) {
  if (!source.held) return h("span", { class: "faint" }, "–");
  const { pages, files, chunks } = source.held;
  const documents = files ? `${number(pages)} pages and ${number(files)} files` : `${number(pages)} pages`;
  return h(
    "span",
    { class: "figures", title: `${documents} → ${number(chunks)} chunks` },
    compact(pages),
    files > 0 && [h("span", { class: "unseen" }, " pages"), h("span", { class: "faint" }, " + "), compact(files)],
    h("span", { class: "faint", "aria-hidden": "true" }, " → "),
    h("span", { class: "unseen" }, files ? " files, " : " pages, "),
    compact(chunks),
    h("span", { class: "unseen" }, " chunks"),
  );
}

/** When the source was synced last, and what came of the last sync. A run of another kind is told as what it is. */
export function lastSync(source) {
  const run = source.last;
  if (source.damage) return h("span", { class: "bad", title: source.damage.remedy }, "Staging is not readable");
  if (!source.newest) return h("span", { class: "faint" }, source.live?.failed || source.live?.succeeded ? "Not seen from here" : "Never ran");
  const failed = run?.state === "failed";
  const result = failed ? `failed ${relative(run.ended_at)}: ${run.problem || "see the run"}` : run ? changesOf(run) : "no sync of the whole source yet";
  const other = source.newest.kind !== "sync" && source.newest.folder !== run?.folder;
  return h(
    "span",
    { class: "two" },
    source.synced_at
      ? h("time", { datetime: source.synced_at, title: moment(source.synced_at) }, relative(source.synced_at))
      : h("span", {}, "Not yet"),
    h("span", { class: `sub${failed ? " bad" : ""}`, title: run ? run.problem || run.summary : "" }, result),
    other && h("span", { class: "sub", title: source.newest.summary }, `${source.newest.kind} ${relative(source.newest.ended_at)}`),
  );
}

function changesOf(run) {
  const parts = [run.changed && `${number(run.changed)} changed`, run.removed && `${number(run.removed)} removed`, run.failed && `${number(run.failed)} failed`];
  return parts.filter(Boolean).join(", ") || "nothing to do";
}

/** Whether Twig is in step with Confluence, and since when it is not. */
export function freshness(fresh) {
  if (!fresh.swept_at) return h("span", { class: "faint" }, "Unknown");
  const swept = h("span", { class: "sub", title: moment(fresh.swept_at) }, `checked ${relative(fresh.swept_at)}`);
  if (!fresh.waiting) return h("span", { class: "two" }, h("span", {}, "Up to date"), swept);
  return h(
    "span",
    { class: "two" },
    h("span", { class: "care", title: moment(fresh.oldest_change) }, `${age(fresh.oldest_change)} behind`),
    h("span", { class: "sub" }, `${count(fresh.waiting, "page")} waiting`),
  );
}

/** When the scheduler starts the next run. */
export function nextRun(source) {
  const dag = source.live?.dag;
  if (!dag) return h("span", { class: "faint" }, "–");
  if (dag.is_paused) return h("span", { class: "faint" }, "Paused");
  const next = dag.next_dagrun_run_after;
  if (!next) return h("span", { class: "faint" }, source.schedule ? "–" : "By hand");
  return h("time", { datetime: next, title: moment(next) }, new Date(next) < Date.now() ? "Due now" : relative(next));
}

/** How long the API token lives. */
export function token({ state, days_left: days, expires_on: on }) {
  if (state === "unknown") return h("span", { class: "faint", title: "No run has seen a date in the connection" }, "No date");
  if (state === "expired") return h("span", { class: "bad", title: `Expired on ${day(on)}` }, "Expired");
  return h("span", { class: state === "soon" ? "care" : "", title: `Expires on ${day(on)}` }, days === 0 ? "Today" : count(days, "day"));
}
