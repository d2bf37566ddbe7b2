// One panel of the history: a line or bars over the runs, drawn for the width that there is.

import { s } from "./dom.js";
import { day } from "./format.js";

const HEIGHT = 132;
const PAD = { left: 46, right: 10, top: 10, bottom: 20 };

/** Draw the panel into `place`; returns the function that marks a run. `tell` is called with the run pointed at. */
export function drawPanel(place, { kind, up, down, show }, runs, width, tell) {
  const inner = width - PAD.left - PAD.right;
  const step = inner / runs.length;
  const x = (index) => PAD.left + step * (index + 0.5);
  const [low, high] = bounds(runs, kind, up, down);
  const y = (value) => PAD.top + (HEIGHT - PAD.top - PAD.bottom) * (1 - (value - low) / (high - low));

  const mark = s("line", { class: "mark", y1: PAD.top, y2: HEIGHT - PAD.bottom, visibility: "hidden" });
  const dot = s("circle", { class: "point", r: 3.5, visibility: "hidden" });
  const svg = s(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, "aria-hidden": "true", focusable: "false" },
    grid(low, high, width, y, show),
    kind === "line" ? line(runs, up, x, y, low) : bars(runs, { up, down, x, y, step }),
    s("text", { class: "axis", x: PAD.left, y: HEIGHT - 5 }, day(runs[0].ended_at)),
    runs.length > 1 && s("text", { class: "axis end", x: width - PAD.right, y: HEIGHT - 5 }, day(runs.at(-1).ended_at)),
    mark,
    dot,
  );
  const nearest = (event) => {
    const box = svg.getBoundingClientRect();
    const index = Math.floor(((event.clientX - box.left) * (width / box.width) - PAD.left) / step);
    tell(Math.max(0, Math.min(runs.length - 1, index)));
  };
  svg.addEventListener("pointermove", nearest);
  svg.addEventListener("pointerdown", nearest);
  place.replaceChildren(svg);

  return (index) => {
    const value = index === null ? null : up(runs[index]);
    for (const element of [mark, dot]) element.setAttribute("visibility", value === null ? "hidden" : "visible");
    if (value === null) return;
    mark.setAttribute("x1", x(index));
    mark.setAttribute("x2", x(index));
    dot.setAttribute("cx", x(index));
    dot.setAttribute("cy", y(value));
  };
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

function grid(low, high, width, y, show) {
  return ticks(low, high).flatMap((value) => [
    s("line", { class: value === 0 ? "zero" : "rule", x1: PAD.left, x2: width - PAD.right, y1: y(value), y2: y(value) }),
    s("text", { class: "axis value", x: PAD.left - 6, y: y(value) + 3.5 }, show(Math.abs(value))),
  ]);
}

/** Two to four round values between low and high. */
export function ticks(low, high) {
  const rough = (high - low) / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  const found = [];
  for (let value = Math.ceil(low / size) * size; value <= high; value += size) found.push(Math.round(value * 1e6) / 1e6);
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
