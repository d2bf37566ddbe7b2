// The page's own endpoints, and Airflow's REST API with the rights of whoever looks.

import { isRegular } from "./status.js";

const OWN = new URL("api/", document.baseURI);
const AIRFLOW = new URL("../api/v2/", document.baseURI);
const PREFIX = "confluence_to_twig__";
const PAGE = 100; // Airflow's default for [api] maximum_page_limit

/** An answer that is not what was asked for. `summary` is what happened, `remedy` what to do. */
export class Refused extends Error {
  constructor(status, summary, remedy = "") {
    super(summary);
    Object.assign(this, { status, summary, remedy });
  }
}

async function call(url, options) {
  let answer;
  try {
    answer = await fetch(url, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "Airflow does not answer", "It may be restarting. The page tries again by itself.");
  }
  const body = await answer.json().catch(() => null);
  if (answer.ok && body !== null) return body;
  const detail = body?.detail;
  if (answer.status === 401) throw new Refused(401, "You are not signed in any more", "Sign in to Airflow again.");
  if (answer.status === 403 && detail?.summary) throw new Refused(403, detail.summary, detail.remedy);
  if (answer.status === 403 && options.method === "POST") throw new Refused(403, "You may not do this", "It needs the right to trigger the DAG of this source.");
  if (answer.status === 403) throw new Refused(403, "You may not see this", "It needs the right to read the DAG of this source.");
  if (detail?.summary) throw new Refused(answer.status, detail.summary, detail.remedy);
  throw new Refused(answer.status, typeof detail === "string" ? detail : `Airflow answered with ${answer.status}`);
}

function address(base, path, query = {}) {
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== "" && one !== null && one !== undefined) url.searchParams.append(name, one);
  }
  return url;
}

/** GET one of our own endpoints. */
export const own = (path, query, signal) => call(address(OWN, path, query), { signal });

/** GET something of Airflow. */
export const airflow = (path, query, signal) => call(address(AIRFLOW, path, query), { signal });

function post(url, body, signal) {
  return call(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });
}

/** Ask Twig. */
export function ask(dagId, question, limit, audiences, signal) {
  return post(address(OWN, `sources/${encodeURIComponent(dagId)}/ask`), { question, limit, audiences }, signal);
}

/** Ask the agent of the Twig connection. */
export function askAgent(dagId, question, signal) {
  return post(address(OWN, `sources/${encodeURIComponent(dagId)}/answer`), { question }, signal);
}

/** The spaces that a connection sees. */
export const visibleSpaces = (connId, signal) => post(address(OWN, "adding/spaces"), { conn_id: connId }, signal);

/** Whether a source can be added, and the lines to paste. */
export const checkSource = (entry, signal) => post(address(OWN, "adding/check"), entry, signal);

/** Start a run by hand; `conf` holds the fields of the trigger form. Returns Airflow's run. */
export function startRun(dagId, conf, signal) {
  return post(address(AIRFLOW, `dags/${encodeURIComponent(dagId)}/dagRuns`), { logical_date: null, conf }, signal);
}

async function everything(path, query, name, signal) {
  const found = [];
  for (;;) {
    const answer = await airflow(path, { ...query, limit: PAGE, offset: found.length }, signal);
    found.push(...answer[name]);
    if (!answer[name].length || found.length >= answer.total_entries) return found;
  }
}

/**
 * What Airflow knows of all sources: DAG id → {dag, failed, succeeded, active, waiting}; `failed` and `succeeded` are the
 * regular runs that ended so last, as far as they are among Airflow's newest, else null.
 */
export async function liveState(signal, dagId = PREFIX) {
  const dags = { dag_id_pattern: dagId };
  const ended = (state) => airflow("dags/~/dagRuns", { ...dags, state, order_by: "-end_date", limit: PAGE }, signal);
  const [all, failed, succeeded, active, waiting] = await Promise.all([
    everything("dags", dags, "dags", signal),
    ended("failed"),
    ended("success"),
    everything("dags/~/dagRuns", { ...dags, state: ["running", "queued"], order_by: "-run_after" }, "dag_runs", signal),
    everything("dags/~/dagRuns/~/hitlDetails", { ...dags, response_received: false, state: "awaiting_input" }, "hitl_details", signal),
  ]);
  const newest = (answer, dag) => answer.dag_runs.find((run) => run.dag_id === dag.dag_id && run.end_date && isRegular(run)) ?? null;
  return new Map(
    all.map((dag) => [
      dag.dag_id,
      {
        dag,
        failed: newest(failed, dag),
        succeeded: newest(succeeded, dag),
        active: active.filter((run) => run.dag_id === dag.dag_id),
        waiting: waiting.filter((detail) => detail.task_instance.dag_id === dag.dag_id),
      },
    ]),
  );
}

/** The newest runs of a DAG, newest first. */
export async function newestRuns(dagId, limit, signal) {
  const answer = await airflow(`dags/${encodeURIComponent(dagId)}/dagRuns`, { limit, order_by: "-run_after" }, signal);
  return answer.dag_runs;
}

/** The task instances of a run. */
export async function taskInstances(dagId, runId, signal) {
  const path = `dags/${encodeURIComponent(dagId)}/dagRuns/${encodeURIComponent(runId)}/taskInstances`;
  return everything(path, {}, "task_instances", signal);
}
