// The state of a source in one word and one colour.

import { h } from "./dom.js";
import { relative } from "./format.js";

/** Word, colour class and rank (what needs somebody comes first) of each state. */
export const STATES = {
  failed: { word: "Failed", tone: "bad", rank: 0 },
  approval: { word: "Needs approval", tone: "care", rank: 1 },
  attention: { word: "Needs a look", tone: "care", rank: 2 },
  processing: { word: "Processing", tone: "busy", rank: 3 },
  active: { word: "Active", tone: "good", rank: 4 },
  pending: { word: "Pending", tone: "quiet", rank: 5 },
};

/** Whether an Airflow run looks at the whole source: no backfill, no dry run, no chosen pages. */
export function isRegular(run) {
  return run.run_type !== "backfill" && !run.conf?.dry_run && !run.conf?.page_ids?.length;
}

/**
 * The state of a source, and why: `{state, reasons}`.
 *
 * Staging says how the last regular sync ended. Airflow knows what staging cannot: a run under way, a question that
 * waits, a run that died before it could write, runs whose staging this API server does not see.
 */
export function stateOf(source, live) {
  const { state, reasons } = source.standing;
  if (live?.waiting.length) return { state: "approval", reasons: [] };
  if (live?.active.some(isRegular)) return { state: "processing", reasons: [] };
  const newer = (run) => run && (!source.last || Date.parse(run.end_date) > Date.parse(source.last.ended_at));
  if (state !== "failed" && newer(live?.failed)) {
    return { state: "failed", reasons: [source.last && !unseen(source, live) ? DIED : unseenReason(source)] };
  }
  if (state !== "failed" && unseen(source, live)) return { state: "attention", reasons: [unseenReason(source)] };
  const idle = state === "active" ? notRunning(source, live) : null;
  return idle ? { state: "attention", reasons: [idle] } : { state, reasons };
}

/** So late a run that is due may start: the scheduler looks every few seconds, and a pool may be full for a while. */
const LATE_MS = 3_600_000;

/** Why a source whose last sync went well is not kept in step any more; null if it is. */
function notRunning(source, live) {
  if (!live) {
    if (!source.airflow_answers) return null;
    return {
      summary: "Airflow does not know the DAG of this source, so nothing runs",
      remedy: "Airflow's start page lists import errors; without one, look whether the DAG processor runs and reads the same sources file as this API server.",
    };
  }
  const { dag } = live;
  if (dag.has_import_errors) {
    return { summary: "The DAG file has an import error: runs go on as the source was before", remedy: "Airflow's start page shows the error." };
  }
  const due = Date.parse(dag.next_dagrun_run_after);
  if (!dag.is_paused && due < Date.now() - LATE_MS && !live.active.length) {
    return { summary: `The run that was due ${relative(due)} has not started`, remedy: "Look whether the scheduler runs, and whether the DAG's max_active_runs or a pool holds it." };
  }
  return null;
}

const DIED = {
  summary: "The last run failed, and none of its tasks could write down why",
  remedy: "Open the run: the log of the task that failed says it. A worker that ran out of memory or was stopped leaves no other word.",
};
/** So much later than what staging knows may a run end in Airflow: clocks differ, and the last write takes a moment. */
const SLACK_MS = 120_000;

/** Whether Airflow knows a sync that went well and of which this API server finds nothing in staging. */
function unseen(source, live) {
  if (!live?.succeeded) return false;
  return !source.newest || Date.parse(live.succeeded.end_date) - SLACK_MS > Date.parse(source.newest.ended_at);
}

function unseenReason(source) {
  return {
    summary: "This API server does not see what the last run wrote",
    remedy: `It looks in ${source.staging}. Give the API server the same CONFLUENCE_TWIG_STAGING as the workers, and a way to read it: a shared folder or an object store.`,
  };
}

/** A dot with its word; a paused DAG says so. */
export function badge(state, paused = false) {
  const { word, tone } = STATES[state];
  return h(
    "span",
    { class: "state" },
    h("span", { class: `dot ${tone}`, "aria-hidden": "true" }),
    h("span", {}, word),
    paused && h("span", { class: "tag" }, "Paused"),
  );
}

/** A dot with its word for a run. */
export function runState(state) {
  const tone = { success: "good", failed: "bad", running: "busy", queued: "busy" }[state] ?? "quiet";
  const word = { success: "Succeeded", failed: "Failed", running: "Running", queued: "Queued" }[state] ?? state;
  return h("span", { class: "state" }, h("span", { class: `dot ${tone}`, "aria-hidden": "true" }), h("span", {}, word));
}
