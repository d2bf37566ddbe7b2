// The history of a source: charts of what each run left in Twig, changed, removed, and how long it took; and the timeline.

import { own } from "./api.js";
import { announce, h, inside, replace } from "./dom.js";
import { drawPanel, SECONDS } from "./chart.js";
import { compact, count, duration, moment, number, worked } from "./format.js";
import { empty, loading, refusal } from "./notices.js";
import { runPath } from "./source.js";
import { runState } from "./status.js";
import { timeline } from "./timeline.js";

const RANGES = [30, 200, 1000];
const PANELS = [
  { key: "pages", title: "Pages in Twig", kind: "line", up: (run) => run.pages, show: compact },
  { key: "chunks", title: "Chunks in Twig", kind: "line", up: (run) => run.chunks, show: compact },
  { key: "changes", title: "Changed and removed pages", kind: "bars", up: (run) => run.changed, down: (run) => run.removed, show: compact },
  { key: "duration", title: "Time at work", kind: "bars", up: (run) => run.seconds, show: duration, steps: SECONDS },
];

/** Fill the tab. */
export async function historyTab(panel, context) {
  if (!context.again) replace(panel, loading("Loading the history…"));
  try {
    const { runs, events, total } = await own(`sources/${encodeURIComponent(context.source.dag_id)}/history`, {}, context.signal);
    if (context.signal.aborted) return;
    if (!runs.length) {
      replace(panel, empty("No run yet", "Unpause the DAG or trigger it: the first run imports everything that the source covers."));
      return;
    }
    draw(panel, context, runs, events, total);
  } catch (error) {
    if (!context.signal.aborted) replace(panel, refusal(error, () => historyTab(panel, context)));
  }
}

function draw(panel, context, runs, events, total) {
  const state = { range: RANGES.find((range) => runs.length <= range) ?? RANGES.at(-1), at: null };
  const charts = h("div", { class: "charts" });
  const told = h("div", { class: "told" });
  const chosen = () => runs.slice(-state.range);

  const tell = (index) => {
    const run = chosen().at(index);
    state.at = chosen().indexOf(run);
    replace(told, ...describe(run, context));
    for (const chart of charts.children) chart.point?.(state.at);
  };
  const redraw = () => {
    const shown = chosen();
    charts.replaceChildren(...PANELS.map((definition) => figure(definition, shown, tell)));
    for (const chart of charts.children) chart.draw(charts.clientWidth);
    tell(-1);
  };
  const keys = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (!step) return;
    event.preventDefault();
    const last = chosen().length - 1;
    tell(Math.max(0, Math.min(last, step === -Infinity ? 0 : step === Infinity ? last : state.at + step)));
    announce(sentence(chosen()[state.at]));
  };

  replace(
    panel,
    h(
      "div",
      { class: "panel-head" },
      h("p", { class: "sub" }, total > runs.length ? `The newest ${number(runs.length)} of ${number(total)} runs` : count(total, "run")),
      runs.length > RANGES[0] && ranges(runs, state, redraw),
    ),
    h(
      "div",
      { class: "chart-group", tabindex: "0", role: "group", "aria-label": "Charts of the runs. Left and right arrow go from run to run; the timeline below holds the same figures.", on: { keydown: keys } },
      charts,
    ),
    told,
    timeline(runs, events, context),
  );
  redraw();
  const observer = new ResizeObserver(() => {
    for (const chart of charts.children) chart.draw(charts.clientWidth);
    for (const chart of charts.children) chart.point?.(state.at);
  });
  observer.observe(charts);
  context.signal.addEventListener("abort", () => observer.disconnect());
}

function ranges(runs, state, redraw) {
  const offered = RANGES.filter((range, index) => index === 0 || runs.length > RANGES[index - 1]);
  const buttons = offered.map((range) =>
    h(
      "button",
      {
        type: "button",
        class: "segment",
        "aria-pressed": String(range === state.range),
        on: {
          click: () => {
            state.range = range;
            for (const [index, button] of buttons.entries()) button.setAttribute("aria-pressed", String(offered[index] === range));
            redraw();
          },
        },
      },
      runs.length <= range ? `All ${number(runs.length)}` : `Last ${number(range)}`,
    ),
  );
  return h("div", { class: "segments", role: "group", "aria-label": "Runs shown" }, buttons);
}

function figure(definition, runs, tell) {
  const { title, up, down, show } = definition;
  const newest = runs.findLast((run) => up(run) !== null);
  const value = newest ? show(up(newest)) : "–";
  const drawing = h("div", { class: "drawing" });
  const element = h(
    "figure",
    { class: `card chart ${definition.key}` },
    h(
      "figcaption",
      {},
      h("span", {}, down ? legend() : title),
      h("strong", {}, down && newest ? `${value} / ${show(down(newest))}` : value),
    ),
    drawing,
  );
  element.draw = () => {
    const width = drawing.clientWidth;
    if (width > 0) element.point = drawPanel(drawing, definition, runs, width, tell);
  };
  return element;
}

function legend() {
  const key = (name, label) => [h("span", { class: `swatch ${name}`, "aria-hidden": "true" }), label];
  return [...key("up", "Changed"), " and ", ...key("down", "removed pages")];
}

function describe(run, context) {
  const link = inside(`dags/${context.source.dag_id}/runs`, { "data-key": "told-run" }, "Open the run");
  runPath(context, run).then(
    (path) => (link.href = `../${path}`),
    () => {},
  );
  return [
    h("p", {}, runState(run.state), h("span", {}, moment(run.ended_at)), h("span", { class: "tag" }, run.kind === "sync" ? run.run_type || "sync" : run.kind), h("span", { class: "sub" }, worked(run)), link),
    h("p", { class: run.state === "failed" ? "bad" : "" }, run.state === "failed" && run.problem ? run.problem : run.summary),
  ];
}

function sentence(run) {
  return `${moment(run.ended_at)}, ${run.state}: ${run.summary}`;
}
