// The page: which view the address asks for, and when to look again.

import { ADDING, addingView } from "./adding.js";
import { liveState, own, Refused } from "./api.js";
import { h, replace } from "./dom.js";
import { around, freeLinks, showAddress } from "./frame.js";
import { untilNextLook } from "./looking.js";
import { foreignDag, loading, refusal } from "./notices.js";
import { overview } from "./overview.js";
import { sourceView } from "./source.js";

const page = document.getElementById("page");
const dagOfTab = new URLSearchParams(location.search).get("dag_id");
const BUSY_SECONDS = 5;
const CALM_SECONDS = 60;

let current = new AbortController();
let known = null;

/** `#/name/tab?query` in parts. */
export function route() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name = "", tab = ""] = path.split("/").map(decodeURIComponent);
  return { name, tab, query: new URLSearchParams(query) };
}

/** The rows of all sources, joined with what Airflow knows. Without Airflow's part the page still shows staging. */
async function load(signal) {
  const [staged, live] = await Promise.all([
    own("sources", {}, signal),
    liveState(signal).catch((error) => {
      if (error.name === "AbortError" || error.status === 401) throw error;
      return null;
    }),
  ]);
  const sources = staged.sources.map((source) => ({ ...source, live: live?.get(source.dag_id) ?? null, airflow_answers: live !== null }));
  return { ...staged, sources, airflowAnswers: live !== null };
}

/** Show the view, at once if the sources are known, then look again until another one is asked for. */
async function show() {
  current.abort();
  current = new AbortController();
  const { signal } = current;
  showAddress();
  let update = null;
  if (known) {
    update = open(known, signal);
    update(known);
  } else {
    replace(page, loading());
  }
  while (!signal.aborted) {
    try {
      const data = await load(signal);
      if (signal.aborted) return;
      known = data;
      update ??= open(data, signal);
      update(data);
      await untilNextLook(data.sources.some((source) => source.live?.active.length) ? BUSY_SECONDS : CALM_SECONDS, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Refused)) console.error(error);
      if (!update) replace(page, refusal(error, show));
      await untilNextLook(error.status === 401 ? CALM_SECONDS : BUSY_SECONDS * 2, signal);
    }
  }
}

/** The function that brings the view up to date. */
function open(data, signal) {
  const { name } = route();
  const wanted = dagOfTab && !name ? data.sources.find((source) => source.dag_id === dagOfTab)?.name : name;
  if (dagOfTab && !wanted && name !== ADDING) {
    replace(page, foreignDag(dagOfTab, data.sources.length));
    return () => {};
  }
  if (name === ADDING) return addingView(page, { signal });
  if (!wanted) return overview(page, data);
  if (!name) {
    history.replaceState(null, "", `#/${encodeURIComponent(wanted)}`);
    shown = wanted;
  }
  const source = data.sources.find((candidate) => candidate.name === wanted);
  if (!source) {
    replace(page, refusal(new Refused(404, `There is no source "${wanted}"`, "It was renamed or removed, or its DAG is not yours to read."), show));
    return () => {};
  }
  return sourceView(page, source, { signal, inTab: dagOfTab !== null });
}

let shown = null;

function onAddress() {
  const { name } = route();
  showAddress();
  if (name === shown) return;
  shown = name;
  show();
  window.scrollTo(0, 0);
}

freeLinks();
window.addEventListener("hashchange", onAddress);
document.documentElement.classList.toggle("framed", around() !== null);
onAddress();
