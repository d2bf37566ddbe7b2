// One source: what it is, how it goes, and a tab for each question about it.

import { mayStart, runButtons } from "./actions.js";
import { newestRuns, own, taskInstances } from "./api.js";
import { h, inside, outside, replace, uniqueId } from "./dom.js";
import { count, duration, folderOf, moment, number, relative, worked } from "./format.js";
import { historyTab } from "./history.js";
import { freshness, held, lastSync, nextRun, token } from "./overview.js";
import { planTab } from "./plan.js";
import { playgroundTab } from "./playground.js";
import { spacesTab } from "./spaces.js";
import { badge, isRegular, stateOf } from "./status.js";
import { quarantineTab, warningsTab } from "./trouble.js";

const TASKS = ["validate", "discover", "extract", "transform", "load", "prune", "verify"];
const TABS = [
  ["history", "History", historyTab],
  ["plan", "Plan", planTab],
  ["spaces", "Spaces", spacesTab],
  ["quarantine", "Quarantine", quarantineTab],
  ["warnings", "Warnings", warningsTab],
  ["playground", "Playground", playgroundTab],
];

/** Build the view in `page`; returns the function that brings it up to date. */
export function sourceView(page, source, { signal, inTab }) {
  const head = h("div", {});
  const steps = h("div", { class: "steps-place" });
  const context = { source, signal, labels: new Map(), kept: {}, mayStart: mayStart(source, signal) };
  const buttons = runButtons(context);
  askForTrouble(context);
  const [redrawTab, ...tabbed] = tabs(context);
  replace(page, !inTab && h("a", { class: "back", href: "#/" }, "← All sources"), head, buttons.element, steps, tabbed);
  let moment = momentOf(source);
  return (data) => {
    const fresh = data.sources.find((candidate) => candidate.name === source.name);
    if (!fresh) return;
    context.source = Object.assign(source, fresh);
    buttons.update();
    replace(head, ...header(fresh, inTab));
    drawSteps(steps, context);
    // What the tabs show is of the same moment as the header: another run ended, or went on.
    if (moment === momentOf(fresh)) return;
    const sameRun = moment.split(" ")[0] === fresh.newest?.folder;
    moment = momentOf(fresh);
    askForTrouble(context);
    redrawTab(sameRun);
  };
}

function momentOf(source) {
  return `${source.newest?.folder} ${source.newest?.state} ${source.newest?.ended_at}`;
}

function askForTrouble(context) {
  context.trouble = own(`sources/${encodeURIComponent(context.source.dag_id)}/trouble`, {}, context.signal);
  countTrouble(context);
}

function header(source, inTab) {
  const { state, reasons } = stateOf(source, source.live);
  const waiting = source.live?.waiting[0]?.task_instance;
  const answer = waiting && `dags/${source.dag_id}/runs/${encodeURIComponent(waiting.dag_run_id)}/tasks/${waiting.task_id}/required_actions`;
  return [
    h(
      "header",
      { class: "title" },
      h("div", {}, h("h1", {}, source.name), h("p", { class: "sub" }, `${source.many_spaces ? "Spaces" : "Space"} ${source.space_key} → Twig data source ${source.data_source_name} · ${source.lookback}`)),
      h(
        "p",
        { class: "actions" },
        badge(state, source.live?.dag.is_paused),
        source.space_url && outside(source.space_url, { class: "button" }, "Confluence"),
        source.twig_url && outside(source.twig_url, { class: "button" }, "Twig"),
        !inTab && inside(`dags/${source.dag_id}`, { class: "button" }, "DAG"),
      ),
    ),
    state === "approval" &&
      h(
        "p",
        { class: "banner care" },
        `${source.live.waiting[0].subject} The run waits for an answer. `,
        inside(answer, {}, "Look and decide"),
        " · ",
        h("a", { href: `#/${encodeURIComponent(source.name)}/plan?run=${encodeURIComponent(waiting.dag_run_id)}&action=delete` }, "See the pages"),
      ),
    reasons.map((reason) => banner(state, reason)),
    h(
      "dl",
      { class: "card facts" },
      fact("Pages → chunks", held(source)),
      fact("Last sync", lastSync(source)),
      fact("Freshness", freshness(source.freshness)),
      fact("Full sweep", fullSweep(source.looks)),
      fact("Next run", nextRun(source)),
      fact("Token", token(source.token)),
      fact("Verified", verified(source)),
      fact("Quality", quality(source)),
      fact("Kept out", keptOut(source)),
    ),
  ];
}

function banner(state, { summary, remedy }) {
  const failed = state === "failed";
  return h(
    "div",
    { class: `banner ${failed ? "bad" : "care"}`, role: "group", "aria-label": failed ? "Why the last run failed" : "What needs a look" },
    h("p", {}, h("strong", {}, summary)),
    remedy && h("p", { class: "remedy" }, remedy),
  );
}

function fact(label, ...content) {
  return h("div", {}, h("dt", {}, label), h("dd", {}, ...content));
}

/** How old the last full sweep is; between two of them lanes look for what is new. */
function fullSweep(looks) {
  if (!looks) return h("span", { class: "faint" }, "In each run");
  const last = looks.looked_at === looks.swept_at ? "no lane since" : `lane ${relative(looks.looked_at)}`;
  return h("span", { class: "two" }, h("span", { title: moment(looks.swept_at) }, relative(looks.swept_at)), h("span", { class: "sub" }, last));
}

/** What the last run compared and asked Twig for. */
function verified(source) {
  if (!source.verified) return h("span", { class: "faint" }, "–");
  const { compared, cited, searched, excused, open, acknowledged } = source.verified;
  const left = open - acknowledged;
  const parts = [searched && `${number(cited)} of ${count(searched, "page")} cited`, excused && `${number(excused)} excused`, left && `${number(left)} open`];
  return h(
    "span",
    { class: "two" },
    h("span", {}, `${count(compared, "page")} compared`),
    h("span", { class: `sub${left ? " care" : ""}` }, parts.filter(Boolean).join(", ") || "nothing was asked for"),
  );
}

/** The verdict of the quality gate on the last sync. */
function quality(source) {
  if (!source.quality) return h("span", { class: "faint" }, "–");
  const rules = Object.values(source.quality.rules);
  const broken = rules.filter((rule) => !rule.good).length;
  return h(
    "span",
    { class: "two" },
    h("span", { class: broken ? "care" : "" }, broken ? "Not good" : "Good"),
    h("a", { class: "sub", href: `#/${encodeURIComponent(source.name)}/warnings` }, broken ? `${number(broken)} of ${count(rules.length, "rule")} broken` : `${count(rules.length, "rule")} hold`),
  );
}

function keptOut(source) {
  if (!source.kept_out) return h("span", { class: "faint" }, "–");
  const { restricted, skipped } = source.kept_out;
  const included = source.restricted_pages === "include";
  return h(
    "span",
    { class: "two" },
    h("span", {}, count(skipped, "page")),
    h("span", { class: "sub" }, included ? `${number(restricted)} restricted are let in` : `${number(restricted)} restricted`),
  );
}

async function drawSteps(place, context) {
  const { source, signal } = context;
  try {
    const [run] = await newestRuns(source.dag_id, 1, signal);
    if (!run) return place.replaceChildren();
    const instances = await taskInstances(source.dag_id, run.dag_run_id, signal);
    if (!signal.aborted) replace(place, steps(source, run, instances));
  } catch (error) {
    if (!signal.aborted && error.name !== "AbortError") place.replaceChildren();
  }
  return undefined;
}

function steps(source, run, instances) {
  const path = `dags/${source.dag_id}/runs/${encodeURIComponent(run.dag_run_id)}`;
  const took = tookOf(source, run);
  return h(
    "section",
    { class: "card run", "aria-label": "Newest run" },
    h(
      "p",
      { class: "run-title" },
      inside(path, { "data-key": "newest-run" }, "Newest run"),
      h("span", { class: "sub" }, `${isRegular(run) ? run.run_type : kindOf(run)} · ${moment(run.run_after)}${took}`),
    ),
    h("ol", { class: "steps" }, TASKS.map((task) => step(task, path, instances.filter((instance) => instance.task_id === task)))),
  );
}

function kindOf(run) {
  return run.run_type === "backfill" ? "backfill" : run.conf?.dry_run ? "dry run" : "chosen pages";
}

/** One duration for a run everywhere: the time in which its tasks worked. What it waited for stands beside it. */
function tookOf(source, run) {
  if (!run.end_date) return run.start_date ? ` · for ${duration((Date.now() - new Date(run.start_date)) / 1000)}` : "";
  const row = [source.newest, source.last].find((candidate) => candidate?.folder === folderOf(run.dag_run_id));
  return row ? ` · ${worked(row)}` : "";
}

function step(task, path, instances) {
  const states = instances.map((instance) => instance.state ?? "none");
  const shown = ["failed", "upstream_failed", "awaiting_input", "running", "up_for_retry", "deferred", "queued", "scheduled", "success", "skipped"];
  const state = shown.find((candidate) => states.includes(candidate)) ?? "none";
  const [tone, word] = {
    failed: ["bad", "failed"],
    upstream_failed: ["quiet", "not reached"],
    awaiting_input: ["care", "waits for approval"],
    running: ["busy", "running"],
    up_for_retry: ["care", "tries again soon"],
    deferred: ["busy", "waits for Twig"],
    queued: ["busy", "queued"],
    scheduled: ["busy", "about to start"],
    success: ["good", "done"],
    skipped: ["quiet", "skipped"],
    none: ["quiet", "not started"],
  }[state];
  const shards = instances.length > 1 ? ` ${number(states.filter((one) => one === "success").length)}/${number(instances.length)}` : "";
  return h(
    "li",
    { class: `step ${tone}` },
    inside(`${path}/tasks/${task}${instances.length > 1 ? "/mapped" : ""}`, { "data-key": `step-${task}` }, task, h("span", { class: "sub" }, word + shards)),
  );
}

function tabs(context) {
  const panel = h("div", { role: "tabpanel", class: "panel", tabindex: "0", id: uniqueId("panel") });
  const shown = TABS.filter(([key]) => key !== "spaces" || context.source.many_spaces);
  const buttons = shown.map(([key, label]) => {
    const amount = h("span", { class: "amount", hidden: true });
    context.labels.set(key, amount);
    return h(
      "button",
      { type: "button", role: "tab", id: `tab-${key}`, "aria-controls": panel.id, "data-tab": key, on: { click: () => go(key) } },
      `${label} `,
      amount,
    );
  });
  const list = h("div", { role: "tablist", class: "tabs", "aria-label": "About this source", on: { keydown: arrows } }, buttons);
  let close = new AbortController();

  function go(key) {
    const address = `#/${encodeURIComponent(context.source.name)}/${key}`;
    if (location.hash.split("?")[0] !== address) location.hash = address;
    draw();
  }

  function arrows(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!step) return;
    event.preventDefault();
    const here = buttons.indexOf(document.activeElement);
    const next = Number.isFinite(step) ? (here + step + buttons.length) % buttons.length : step < 0 ? 0 : buttons.length - 1;
    buttons[next].focus();
    buttons[next].click();
  }

  function draw({ again = false } = {}) {
    const [name, tab] = location.hash.replace(/^#\/?/, "").split("?")[0].split("/");
    if (name && decodeURIComponent(name) !== context.source.name) return;
    const [key, , build] = shown.find(([candidate]) => candidate === tab) ?? shown[0];
    for (const button of buttons) {
      const chosen = button.dataset.tab === key;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      if (chosen) button.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    panel.setAttribute("aria-labelledby", `tab-${key}`);
    if (panel.dataset.tab === key && !again) return;
    panel.dataset.tab = key;
    close.abort();
    close = new AbortController();
    build(panel, { ...context, again, signal: AbortSignal.any([context.signal, close.signal]) });
  }

  // A link to a part of a tab, such as the plan of one run, opens that part also where the tab is open already.
  window.addEventListener("hashchange", () => draw({ again: location.hash.includes("?") }), { signal: context.signal });
  draw();
  const redraw = (sameRun) => {
    // The playground keeps its question and its answers, and a plan does not change while its run goes on.
    if (panel.dataset.tab === "playground" || (panel.dataset.tab === "plan" && sameRun)) return;
    draw({ again: true });
  };
  return [redraw, list, panel];
}

async function countTrouble(context) {
  try {
    const found = await context.trouble;
    const show = (key, amount) => {
      const label = context.labels.get(key);
      label.hidden = amount === 0;
      label.textContent = number(amount);
    };
    show("quarantine", found.quarantined.length + found.withheld.quarantined);
    show("warnings", found.conversions.length + found.withheld.conversions + found.warnings.length + found.open.length);
  } catch {
    // The tab itself says what went wrong.
  }
}

/** A link to a run in Airflow; staging knows it by folder, so the id is looked up among Airflow's newest runs. */
export async function runPath(context, row) {
  if (row.run_id) return `dags/${context.source.dag_id}/runs/${encodeURIComponent(row.run_id)}`;
  const runs = await newestRuns(context.source.dag_id, 100, context.signal);
  const run = runs.find((candidate) => folderOf(candidate.dag_run_id) === row.folder);
  return run ? `dags/${context.source.dag_id}/runs/${encodeURIComponent(run.dag_run_id)}` : `dags/${context.source.dag_id}/runs`;
}
