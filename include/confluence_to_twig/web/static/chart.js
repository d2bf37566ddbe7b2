// One panel of the history: a line or bars on a time axis, drawn for the width that there is.

import { s } from "./dom.js";
import { day, hour } from "./format.js";

const HEIGHT = 138;
const PAD = { right: 12, top: 10, bottom: 24 };
const LETTER = 6.4; // widest of 11 px, so that no label is cut
const DAY_MS = 86_400_000;
/** Round numbers of seconds. */
export const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400];

/** Draw the panel into `place`; returns the function that marks a run. `tell` is called with the run pointed at. */
export function drawPanel(place, { kind, up, down, show, steps }, runs, width, tell) {
  const [low, high] = bounds(runs, kind, up, down);
  const marks = ticks(low, high, steps);
  const left = 12 + LETTER * Math.max(...marks.map((value) => show(Math.abs(value)).length));
  const inner = width - left - PAD.right;
  const times = runs.map((run) => Date.parse(run.ended_at));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const edge = Math.min(inner / 4, 10); // room for the bars of the first and the last run
  const at = (time) => left + edge + (inner - 2 * edge) * (last > first ? (time - first) / (last - first) : 0.5);
  const x = (index) => at(times[index]);
  const y = (value) => PAD.top + (HEIGHT - PAD.top - PAD.bottom) * (1 - (value - low) / (high - low));

  const mark = s("line", { class: "mark", y1: PAD.top, y2: HEIGHT - PAD.bottom, visibility: "hidden" });
  const dot = s("circle", { class: "point", r: 3.5, visibility: "hidden" });
  const svg = s(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, "aria-hidden": "true", focusable: "false" },
    grid(marks, left, width, y, show),
    kind === "line" ? line(runs, up, x, y, low) : bars(runs, { up, down, x, y, step: inner / runs.length }),
    failures(runs, x),
    timeAxis(first, last, left, width, at),
    mark,
    dot,
  );
  const nearest = (event) => {
    const box = svg.getBoundingClientRect();
    const pointed = (event.clientX - box.left) * (width / box.width);
    let found = 0;
    for (let index = 1; index < runs.length; index += 1) if (Math.abs(x(index) - pointed) < Math.abs(x(found) - pointed)) found = index;
    tell(found);
  };
  svg.addEventListener("pointermove", nearest);
  svg.addEventListener("pointerdown", nearest);
  place.replaceChildren(svg);

  return (index) => {
    const value = index === null ? null : up(runs[index]);
    mark.setAttribute("visibility", index === null ? "hidden" : "visible");
    dot.setAttribute("visibility", value === null ? "hidden" : "visible");
    if (index === null) return;
    mark.setAttribute("x1", x(index));
    mark.setAttribute("x2", x(index));
    if (value === null) return;
    dot.setAttribute("cx", x(index));
    dot.setAttribute("cy", y(value));
  };
}

/** A cross at the foot of the panel for each run that failed. */
function failures(runs, x) {
  const foot = HEIGHT - PAD.bottom;
  const crosses = runs.flatMap((run, index) => (run.state === "failed" ? [`M${round(x(index) - 3)} ${foot - 3}l6 6m0 -6l-6 6`] : []));
  return crosses.length > 0 && s("path", { class: "failure", d: crosses.join("") });
}

/** The first and the last time, and as many between them as there is room for. */
function timeAxis(first, last, left, width, at) {
  const words = last - first < 2 * DAY_MS ? hour : day;
  const room = (words(last).length + 3) * LETTER;
  if (last === first) return [s("text", { class: "axis middle", x: at(first), y: HEIGHT - 7 }, words(first))];
  const parts = Math.max(1, Math.min(4, Math.floor((width - left) / room / 1.4)));
  return Array.from({ length: parts + 1 }, (_, part) => {
    const time = first + ((last - first) * part) / parts;
    const place = part === 0 ? "" : part === parts ? " end" : " middle";
    const px = part === 0 ? left : part === parts ? width - PAD.right : at(time);
    return [s("line", { class: "rule", x1: at(time), x2: at(time), y1: HEIGHT - PAD.bottom, y2: HEIGHT - PAD.bottom + 4 }), s("text", { class: `axis${place}`, x: px, y: HEIGHT - 7 }, words(time))];
  }).flat();
}

function bounds(runs, kind, up, down) {
  const values = runs.map(up).filter((value) => value !== null);
  const most = Math.max(...values, 0);
  if (kind === "line") {
    const least = Math.min(...values);
    const flat = !values.length || most === least;
    // A line need not begin at nought: what matters is how the figure moves.
    const room = flat ? Math.max(1, most * 0.1) : (most - least) * 0.15;
    return [Math.max(0, (values.length ? least : 0) - room), most + room];
  }
  const below = down ? Math.max(...runs.map(down), 0) : 0;
  const whole = Math.max(most, below, 1);
  return [down ? -Math.max(below, whole * 0.12) : 0, Math.max(most, whole * 0.12)];
}

function grid(marks, left, width, y, show) {
  return marks.flatMap((value) => [
    s("line", { class: value === 0 ? "zero" : "rule", x1: left, x2: width - PAD.right, y1: y(value), y2: y(value) }),
    s("text", { class: "axis value", x: left - 6, y: y(value) + 3.5 }, show(Math.abs(value))),
  ]);
}

/** Round whole values between low and high, few enough to be told apart. `steps`: the distances to choose from. */
export function ticks(low, high, steps) {
  const rough = (high - low) / 3;
  const power = 10 ** Math.max(0, Math.floor(Math.log10(rough)));
  const size = (steps ?? [1, 2, 5, 10].map((factor) => factor * power)).find((candidate) => candidate >= rough) ?? Math.ceil(rough);
  const found = [];
  for (let value = Math.ceil(low / size) * size; value <= high; value += size) found.push(value);
  return found;
}

function line(runs, up, x, y, low) {
  const parts = [];
  let part = [];
  for (const [index, run] of runs.entries()) {
    const value = up(run);
    if (value !== null) part.push([x(index), y(value)]);
    else if (part.length) {
      parts.push(part);
      part = [];
    }
  }
  if (part.length) parts.push(part);
  return parts.flatMap((points) => {
    const path = points.map(([px, py], index) => `${index ? "L" : "M"}${round(px)} ${round(py)}`).join("");
    if (points.length === 1) return [s("circle", { class: "series-dot", cx: points[0][0], cy: points[0][1], r: 2.5 })];
    const area = `${path}L${round(points.at(-1)[0])} ${y(low)}L${round(points[0][0])} ${y(low)}Z`;
    return [s("path", { class: "area", d: area }), s("path", { class: "series", d: path })];
  });
}

function bars(runs, { up, down, x, y, step }) {
  const thick = Math.max(1, Math.min(18, step * 0.72));
  const draw = (value, wanted) => {
    const path = runs
      .map((run, index) => ({ size: wanted(run) ? value(run) : 0, index }))
      .filter(({ size }) => size)
      .map(({ size, index }) => `M${round(x(index))} ${round(y(0))}V${round(Math.abs(y(size) - y(0)) < 1 ? y(0) - Math.sign(size) : y(size))}`)
      .join("");
    return path;
  };
  const failed = (run) => run.state === "failed";
  return [
    s("path", { class: "bar", "stroke-width": thick, d: draw(up, (run) => !failed(run)) }),
    s("path", { class: "bar failed", "stroke-width": thick, d: draw(up, failed) }),
    down && s("path", { class: "bar down", "stroke-width": thick, d: draw((run) => -down(run), () => true) }),
  ];
}

const round = (value) => Math.round(value * 10) / 10;
