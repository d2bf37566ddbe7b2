// Pages that need somebody's eye: quarantined ones, and those whose conversion may have lost something.

import { acknowledgeButton, againButton } from "./actions.js";
import { estimate } from "./adding.js";
import { h, outside, replace } from "./dom.js";
import { count, duration, number, percent, relative } from "./format.js";
import { empty, loading, refusal, withheldNotice } from "./notices.js";

const SHOWN_AT_ONCE = 100;
/** Page ids that one run takes: the trigger form shows them, a line each. */
const AT_MOST_AGAIN = 1_000;
const HEADS = ["Rule", "Measured", "Limit", "State"];
const STAGES = { extract: "Extract", transform: "Convert", load: "Load" };

/** Fill the tab of quarantined pages. */
export const quarantineTab = (panel, context) => fill(panel, context, quarantine);

/** Fill the tab of warnings. */
export const warningsTab = (panel, context) => fill(panel, context, warnings);

async function fill(panel, context, draw) {
  if (!context.again) replace(panel, loading());
  try {
    const found = await context.trouble;
    if (!context.signal.aborted) replace(panel, ...draw(found, context));
  } catch (error) {
    if (!context.signal.aborted) replace(panel, refusal(error, () => location.reload()));
  }
}

function quarantine({ quarantined, withheld }, context) {
  const all = quarantined.length + withheld.quarantined;
  if (!all) return [empty("Nothing in quarantine", "Every page that a run took up was converted and loaded.")];
  const lead = h("p", { class: "sub lead" }, `${count(all, "page")} could not be synced. Everything else went on; each run tries these again until they work.`);
  if (!quarantined.length) return [lead, withheldNotice(all)];
  return [
    lead,
    withheld.quarantined > 0 && withheldNotice(withheld.quarantined),
    againButton(context, quarantined.slice(0, AT_MOST_AGAIN).map((row) => row.page_id)),
    longList(quarantined, (row) =>
      h(
        "article",
        { class: "card trouble" },
        h("h3", {}, outside(row.url, { class: "open" }, row.title || "Untitled"), h("span", { class: "tag bad" }, STAGES[row.stage] ?? row.stage)),
        h("p", { class: "sub" }, `Page ${row.page_id}, version ${number(row.version)} · ${row.error_type}`),
        h("pre", {}, row.error),
      ),
    ),
  ];
}

function warnings({ conversions, warnings: said, doctor, open, withheld }, context) {
  if (!conversions.length && !said.length && !open.length && !withheld.conversions) {
    return [empty("No warnings", "Each page that is in Twig kept at least 98 % of its words, and no macro was unknown."), verdict(context.source.quality), doctor && looked(doctor)];
  }
  return [
    open.length > 0 && stillOpen(open, context),
    said.length > 0 && h("section", {}, h("h2", {}, "The last run warned"), h("ul", { class: "card said" }, said.map((text) => h("li", {}, text)))),
    conversions.length > 0 &&
      h(
        "section",
        {},
        h("h2", {}, "Conversions worth a look"),
        h("p", { class: "sub lead" }, `${count(conversions.length, "page")} in Twig may lack something that the Confluence page shows.`),
        longList(conversions, conversion),
      ),
    withheld.conversions > 0 && withheldNotice(withheld.conversions),
    verdict(context.source.quality),
    doctor && looked(doctor),
  ];
}

/** Rule → its words, what "at least" or "at most" its limit is, and how its numbers are written. */
const RULES = {
  quarantined: ["Pages that could not be synced", "at most", percent],
  empty: ["Documents without any text", "at most", percent],
  cited: ["Pages asked for that Twig cites", "at least", percent],
  drift: ["Differences between Twig and what was loaded", "at most", number],
  behind: ["Time that a known change has been waiting", "at most", duration],
};

/** The rules of the quality gate, as the last sync left them. */
function verdict(quality) {
  if (!quality) return null;
  const row = ([name, { value, limit, good }]) => {
    const [words, bound, write] = RULES[name] ?? [name, "limit", String];
    const measured = value === null ? h("span", { class: "faint" }, "not measured") : write(value);
    const state = h("span", { class: "state" }, h("span", { class: `dot ${value === null ? "quiet" : good ? "good" : "care"}`, "aria-hidden": "true" }), good ? "Holds" : "Broken");
    return h("tr", { role: "row" }, [words, measured, `${bound} ${write(limit)}`, state].map((cell, index) => h("td", { role: "cell", "data-label": HEADS[index] }, cell)));
  };
  return h(
    "section",
    {},
    h("h2", {}, "Quality of the last sync"),
    h("p", { class: "sub lead" }, quality.good ? "Good: every rule holds that could be measured." : "Not good: a DAG that waits for a good sync goes on waiting. The limits are those of the source's block quality."),
    h(
      "div",
      { class: "card sheet" },
      h(
        "table",
        { class: "stacks quality", role: "table" },
        h("caption", { class: "unseen" }, "Rules of the quality gate"),
        h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, HEADS.map((head) => h("th", { role: "columnheader", scope: "col" }, head)))),
        h("tbody", { role: "rowgroup" }, Object.entries(quality.rules).map(row)),
      ),
    ),
  );
}

function looked({ looked_at, findings, by_hand, estimate: expected }) {
  const open = findings.filter((finding) => finding.state !== "ok");
  return h(
    "section",
    {},
    h("h2", {}, `The doctor looked on ${looked_at.slice(0, 10)}`),
    h("p", { class: "sub lead" }, `${number(findings.length - open.length)} of ${count(findings.length, "finding")} are fine.`),
    h("ul", { class: "card said" }, open.map((one) => h("li", {}, `${one.side}, ${one.what}: ${one.found} (${one.state})`))),
    expected && estimate(expected),
    h("ol", { class: "card said" }, by_hand.map((step) => h("li", {}, step))),
  );
}

function stillOpen(findings, context) {
  return h(
    "section",
    {},
    h("h2", {}, "Verify found, and it is still so"),
    h("ul", { class: "card said" }, findings.map((finding) => h("li", {}, finding.text, finding.since && h("span", { class: "sub" }, ` · since ${relative(finding.since)}`)))),
    acknowledgeButton(context),
  );
}

function conversion(row) {
  return h(
    "article",
    { class: "card trouble" },
    h("h3", {}, outside(row.url, { class: "open" }, row.title || "Untitled")),
    h(
      "ul",
      { class: "findings" },
      row.coverage < 0.98 &&
        h("li", {}, h("span", { class: "meter", "aria-hidden": "true", vars: { "--share": `${row.coverage * 100}%` } }), `${percent(row.coverage)} of its words were found again`),
      row.unknown_macros.length > 0 && h("li", {}, "Unknown macros: ", row.unknown_macros.map((name) => [h("code", {}, name), " "])),
      (row.left_out || []).length > 0 && h("li", {}, "Left out: ", row.left_out.slice(0, 10).join(" · "), row.left_out.length > 10 && ` · and ${number(row.left_out.length - 10)} more`),
      row.tolerant && h("li", {}, "Its storage format is not well-formed XML; it was read as HTML"),
    ),
  );
}

/** The first of many, with a button for more. */
function longList(rows, draw) {
  const list = h("div", { class: "trouble-list" });
  const more = h("button", { type: "button", class: "button", on: { click: () => grow() } });
  let shown = 0;
  function grow() {
    list.append(...rows.slice(shown, shown + SHOWN_AT_ONCE).map(draw));
    shown = Math.min(rows.length, shown + SHOWN_AT_ONCE);
    more.textContent = `Show ${number(Math.min(SHOWN_AT_ONCE, rows.length - shown))} more of ${number(rows.length)}`;
    more.hidden = shown >= rows.length;
  }
  grow();
  return h("div", {}, list, more);
}
