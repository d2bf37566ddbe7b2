// What the page shows instead of data.

import { h, inside } from "./dom.js";
import { count } from "./format.js";

/** Grey shapes while data is on its way. */
export function loading(label = "Loading…", lines = 5) {
  return h(
    "div",
    { class: "loading", role: "status" },
    h("span", { class: "unseen" }, label),
    Array.from({ length: lines }, (_, line) => h("div", { class: "bone", vars: { "--width": `${92 - line * 9}%` } })),
  );
}

/** Something did not work: what, and what to do. */
export function refusal(error, again) {
  const signIn = error.status === 401;
  return h(
    "section",
    { class: "notice bad", role: "alert" },
    h("h2", {}, error.summary ?? "Something on this page went wrong"),
    h("p", {}, error.remedy ?? "Reload the page. If it happens again, the browser's console says more."),
    h(
      "p",
      { class: "actions" },
      signIn && inside("auth/login", { class: "button primary" }, "Sign in"),
      again && h("button", { type: "button", class: "button", on: { click: again } }, "Try again"),
    ),
  );
}

/** There is nothing to show, and that may be fine. */
export function empty(title, text, ...more) {
  return h("section", { class: "notice" }, h("h2", {}, title), h("p", {}, text), more);
}

/** Some pages are counted, and not named. */
export function withheldNotice(pages) {
  return h(
    "p",
    { class: "sub lead" },
    `${count(pages, "page")} kept out of Twig or restricted ${pages === 1 ? "is" : "are"} not named here: who may see this DAG need not be allowed to see them in Confluence. ` +
      "With kept_out_titles: editors in the source, those who may edit the DAG see them.",
  );
}

/** The tab on a DAG that has nothing to do with us. */
export function foreignDag(dagId, known) {
  return empty(
    "Not a Confluence → Twig source",
    `The DAG ${dagId} does not sync a Confluence space to Twig, so there is nothing to show here. This tab belongs to ` +
      "the DAGs that are made from sources.yaml.",
    known > 0 &&
      h("p", { class: "actions" }, inside("plugin/confluence-to-twig", { class: "button" }, "Show all sources")),
  );
}
