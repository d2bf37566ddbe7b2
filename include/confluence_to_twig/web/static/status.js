// The state of a source in one word and one colour.

import { h } from "./dom.js";

/** Word, colour class and rank (what needs somebody comes first) of each state. */
export const STATES = {
  failed: { word: "Failed", tone: "bad", rank: 0 },
  approval: { word: "Needs approval", tone: "care", rank: 1 },
  processing: { word: "Processing", tone: "busy", rank: 2 },
  active: { word: "Active", tone: "good", rank: 3 },
  pending: { word: "Pending", tone: "quiet", rank: 4 },
};

/** The state of a source. Airflow's word counts; where it has none, what the last run left in staging. */
export function stateOf(source, live) {
  if (source.damage) return "failed";
  if (live?.waiting.length) return "approval";
  if (live?.active.length) return "processing";
  const last = live?.last ?? source.last?.state;
  if (last === "failed") return "failed";
  return last ? "active" : "pending";
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
