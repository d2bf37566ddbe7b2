// Add a source: choose a space that a connection sees, and get the lines to paste. The page writes no configuration.

import { checkSource, visibleSpaces } from "./api.js";
import { announce, h, outside, replace, uniqueId } from "./dom.js";
import { count, number } from "./format.js";
import { empty, loading, refusal } from "./notices.js";

/** The place of the view; no source can have this name. */
export const ADDING = "+add";
const SHOWN = 50;

/** Build the view in `page`; returns the function that brings it up to date: it asks only when somebody asks. */
export function addingView(page, { signal }) {
  const connection = input("confluence_conn_id", "confluence_default", { required: true });
  const key = input("space_key", "", { required: true, placeholder: "PROD" });
  const name = input("name", "", { required: true, placeholder: "product-docs" });
  const twig = input("twig_conn_id", "", { placeholder: "twig_default" });
  const more = h("textarea", { class: "field", rows: "3", id: uniqueId("more"), placeholder: "exclude_labels: [draft]\nlookback: 90 days" });
  const spaces = h("div", { class: "found-spaces" });
  const result = h("div", { class: "added" });
  const ask = h("button", { type: "button", class: "button", on: { click: listSpaces } }, "List the spaces it sees");
  const check = h("button", { type: "submit", class: "button primary" }, "Check");
  const form = h(
    "form",
    { class: "card adding", on: { submit } },
    labelled("Confluence connection", connection, "The connection id in Airflow."),
    h("p", { class: "actions" }, ask),
    spaces,
    labelled("Space key", key, "The part after /spaces/ in the space's address."),
    labelled("Name", name, "Names the DAG and the Twig data source."),
    labelled("Twig connection", twig, "Leave it empty for twig_default."),
    labelled("Further fields", more, "As YAML, one a line; the docs list them under Configuration."),
    h("p", { class: "actions" }, check),
  );
  replace(
    page,
    h("a", { class: "back", href: "#/" }, "← All sources"),
    h("header", { class: "title" }, h("div", {}, h("h1", {}, "Add a source"), h("p", { class: "sub" }, "Makes the lines to paste into the sources file. Nothing is written here, and nothing is synced."))),
    form,
    result,
  );

  async function listSpaces() {
    ask.disabled = true;
    replace(spaces, loading("Confluence is asked…", 3));
    try {
      const found = await visibleSpaces(connection.value.trim(), signal);
      replace(spaces, ...spaceList(found, choose));
      announce(`${count(found.spaces.length, "space")} found`);
    } catch (error) {
      if (!signal.aborted) replace(spaces, refusal(error, null));
    } finally {
      ask.disabled = false;
    }
  }
  function choose(space) {
    key.value = space.key;
    if (!name.value) name.value = space.name.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 40);
    name.focus();
  }
  async function submit(event) {
    event.preventDefault();
    check.disabled = true;
    replace(result, loading("Confluence is asked…", 3));
    const entry = { name: name.value.trim(), space_key: key.value.trim(), confluence_conn_id: connection.value.trim(), twig_conn_id: twig.value.trim(), more: more.value };
    try {
      const found = await checkSource(entry, signal);
      replace(result, ...outcome(found));
      announce(found.problems.length ? "It cannot be used as it is" : "It can be added");
    } catch (error) {
      if (!signal.aborted) replace(result, refusal(error, null));
    } finally {
      check.disabled = false;
    }
  }
  return () => {};
}

function input(name, value, attributes) {
  return h("input", { type: "text", class: "field", id: uniqueId(name), value, autocomplete: "off", spellcheck: "false", ...attributes });
}

function labelled(label, control, hint) {
  const about = uniqueId("hint");
  control.setAttribute("aria-describedby", about);
  return h("div", { class: "labelled" }, h("label", { for: control.id }, label), control, h("p", { class: "sub", id: about }, hint));
}

function spaceList(found, choose) {
  if (!found.spaces.length) return [empty("This account sees no space", "Give it the permission to view the space, then ask again.")];
  const list = h("ul", { class: "spaces" });
  const draw = (words) => {
    const fits = found.spaces.filter((space) => `${space.key} ${space.name}`.toLowerCase().includes(words));
    replace(list, ...fits.slice(0, SHOWN).map((space) => h("li", {}, spaceRow(space, choose))), fits.length > SHOWN && h("li", { class: "sub" }, `and ${number(fits.length - SHOWN)} more: search for less`));
  };
  const search = h("input", { type: "search", class: "field", placeholder: "Key or name", "aria-label": "Find a space", on: { input: () => draw(search.value.trim().toLowerCase()) } });
  draw("");
  return [h("p", { class: "sub" }, found.all ? `The account sees ${count(found.spaces.length, "space")}.` : `The account sees more than these ${number(found.spaces.length)} spaces; any key can be typed below.`), search, list];
}

function spaceRow(space, choose) {
  const told = [space.type === "personal" && "personal", space.status === "archived" && "archived", space.sources.length && `synced by ${space.sources.join(", ")}`].filter(Boolean);
  return [h("button", { type: "button", class: "button", on: { click: () => choose(space) } }, space.key), h("span", {}, ` ${space.name}`), told.map((word) => h("span", { class: "tag" }, word))];
}

function outcome({ problems, space, count: pages, snippet, doctor }) {
  const wrong = problems.length > 0 && h("section", { class: "notice bad", role: "alert" }, h("h2", {}, "It cannot be used as it is"), h("ul", { class: "said" }, problems.map((problem) => h("li", {}, problem))));
  if (!space) return [wrong];
  return [
    wrong,
    h("p", {}, "Confluence knows ", outside(space.url, {}, space.name), ` (${space.key}): ${pages}.`),
    !wrong && h("p", {}, "Paste these lines below ", h("code", {}, "sources:"), " in the sources file. The DAG appears within a minute, paused unless Airflow is set otherwise."),
    !wrong && h("pre", { class: "card snippet", tabindex: "0" }, snippet),
    !wrong && estimate(doctor?.estimate),
  ];
}

/** What the doctor expects of a first run. */
export function estimate(found) {
  if (!found) return h("p", { class: "sub" }, "For an estimate of the first run, and of what is missing, run confluence-to-twig doctor with its name.");
  const [least, most] = found.minutes;
  return h("p", {}, `The doctor expects of a first run: ${count(found.pages, "page")}, ${count(found.chunks, "chunk")}, ${count(found.requests, "request")} to Confluence, ${count(found.writes, "write")} to Twig, ${number(Math.round(least))} to ${number(Math.round(most))} minutes (from ${found.basis}).`);
}
