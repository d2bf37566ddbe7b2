// Buttons that start runs of a source, through Airflow's REST API and with the rights of whoever looks.

import { own, startRun } from "./api.js";
import { announce, h, inside, replace } from "./dom.js";
import { count } from "./format.js";
import { lookAgain } from "./looking.js";

/** Whether the viewer may start runs of the source; asked once for each view. A failure says so when a run is started. */
export async function mayStart(source, signal) {
  try {
    return (await own(`sources/${encodeURIComponent(source.dag_id)}`, {}, signal)).may_ask;
  } catch {
    return true;
  }
}

/** *Sync now* and *Dry run*; returns `{element, update}`. */
export function runButtons(context) {
  const told = h("p", { class: "sub started", role: "status" });
  const buttons = [
    startButton(context, told, { label: "Sync now", key: "sync-now", primary: true, conf: {} }),
    startButton(context, told, { label: "Dry run", key: "dry-run", conf: { dry_run: true } }),
  ];
  const element = h("div", { class: "run-buttons" }, h("p", { class: "actions" }, buttons.map((one) => one.element)), told);
  const update = () => {
    for (const one of buttons) one.update();
  };
  return { element, update };
}

/** *Process these again* for pages in quarantine. */
export function againButton(context, pageIds) {
  const label = `Process ${pageIds.length === 1 ? "this page" : `these ${count(pageIds.length, "page")}`} again`;
  return single(context, { label, key: "process-again", conf: { page_ids: pageIds, force: true } });
}

/** *Acknowledge* what verify found: a run that reports it no more as long as it stays the same. */
export function acknowledgeButton(context) {
  return single(context, { label: "Acknowledge", key: "acknowledge", conf: { acknowledge: true } });
}

function single(context, options) {
  const told = h("p", { class: "sub started", role: "status" });
  const button = startButton(context, told, options);
  button.update();
  return h("div", { class: "run-buttons" }, h("p", { class: "actions" }, button.element), told);
}

function startButton(context, told, { label, key, primary = false, conf }) {
  const element = h("button", { type: "button", class: `button${primary ? " primary" : ""}`, "data-key": key, disabled: true, on: { click: start } }, label);
  let starting = false;

  async function update() {
    const why = await whyNot(context);
    element.disabled = starting || why !== "";
    element.title = why;
  }

  async function start() {
    starting = true;
    element.disabled = true;
    replace(told, "Airflow is asked to start a run…");
    try {
      const run = await startRun(context.source.dag_id, conf, context.signal);
      const path = `dags/${context.source.dag_id}/runs/${encodeURIComponent(run.dag_run_id)}`;
      replace(told, "The run is queued. ", inside(path, {}, "Open it"));
      announce(`${label}: the run is queued`);
      lookAgain();
    } catch (error) {
      if (context.signal.aborted) return;
      const words = [error.summary ?? "The run could not be started.", error.remedy].filter(Boolean).join(" ");
      replace(told, h("span", { class: "bad" }, words));
      announce(words);
    } finally {
      starting = false;
      update();
    }
  }

  return { element, update };
}

/** Why no run can be started now; empty if one can. */
async function whyNot(context) {
  if (!(await context.mayStart)) return "You may look, but not start runs: that needs the right to trigger this DAG.";
  const live = context.source.live;
  if (live?.dag.is_paused) return "The DAG is paused. Unpause it in Airflow first: a run of a paused DAG only waits.";
  return "";
}
