// Ask Twig, and see which chunks it finds: what an agent of this data source would be given.

import { ask, askAgent, own } from "./api.js";
import { announce, h, outside, replace } from "./dom.js";
import { count } from "./format.js";
import { markdown } from "./markdown.js";
import { empty, loading, refusal } from "./notices.js";

/** Fill the tab. */
export async function playgroundTab(panel, context) {
  const answers = h("div", { class: "answers", "aria-live": "off" });
  const question = h("input", {
    id: "question",
    class: "field grow",
    type: "search",
    maxlength: "2000",
    required: true,
    autocomplete: "off",
    placeholder: "Ask as your readers would",
  });
  const limit = h("select", { class: "field", "aria-label": "Number of passages" }, [3, 6, 12, 20].map((number) => h("option", { value: number, selected: number === 6 }, `${number} passages`)));
  const button = h("button", { type: "submit", class: "button primary" }, "Ask Twig");
  const form = h(
    "form",
    { class: "ask", on: { submit: (event) => submit(event) } },
    h("label", { for: "question", class: "unseen" }, "Question"),
    question,
    limit,
    button,
  );
  const lead = h("p", { class: "sub lead" });
  const words = (where) => `Searches ${where}: you get passages, which are what an agent would be given, each with the page and heading it cites.`;
  lead.textContent = words(`the Twig data source ${context.source.data_source_name}`);
  replace(panel, lead, form, answers);
  let chosen = () => [""];
  if (!(await context.mayStart)) {
    for (const control of form.elements) control.disabled = true;
    replace(answers, empty("You may look, but not ask", "Asking shows page texts and needs the right to trigger this DAG. Ask an Airflow admin for it."));
  } else if (context.source.restricted_pages === "audiences") {
    chosen = await audienceChoice(form, context);
    if (form.querySelector(".audiences")) lead.textContent = words("the Twig data sources that you tick");
  }

  async function submit(event) {
    event.preventDefault();
    const text = question.value.trim();
    if (!text) return;
    if (!chosen().length) {
      replace(answers, empty("Nobody to ask for", "Tick at least one audience."));
      return;
    }
    button.disabled = true;
    replace(answers, loading("Twig is searching…", 4));
    try {
      const { passages, withheld, agent, refusal: refused } = await ask(context.source.dag_id, text, Number(limit.value), chosen(), context.signal);
      const said = h("div", { class: "said-by-agent" });
      replace(answers, agent && said, ...drawPassages(passages, withheld, text));
      announce(passages.length ? `${count(passages.length, "passage")} found` : "Nothing found");
      if (agent && refused) replace(said, empty(refused.summary, refused.remedy));
      else if (agent) await answer(said, agent, text);
    } catch (error) {
      if (context.signal.aborted) return;
      replace(answers, refusal(error, null));
    } finally {
      button.disabled = false;
    }
  }

  /** The passages stay, whatever comes of the agent. */
  async function answer(place, agent, text) {
    replace(place, loading(`The agent ${agent} is asked…`, 3));
    try {
      replace(place, drawAnswer(await askAgent(context.source.dag_id, text, context.signal)));
      announce("The agent has answered");
    } catch (error) {
      if (!context.signal.aborted) replace(place, refusal(error, null));
    }
  }
}

/** Let people choose for whom they ask, where there is a choice. Returns a function that gives the keys that are ticked. */
async function audienceChoice(form, context) {
  const path = `sources/${encodeURIComponent(context.source.dag_id)}/audiences`;
  const { audiences } = await own(path, {}, context.signal);
  if (audiences.length < 2) return () => audiences.map(({ key }) => key);
  const boxes = audiences.map(({ key }) => h("input", { type: "checkbox", value: key, checked: key === "" }));
  const rows = audiences.map(({ name, readers }, index) => h("label", {}, boxes[index], h("span", {}, name), h("span", { class: "sub" }, readers.join(", and "))));
  form.append(h("fieldset", { class: "audiences" }, h("legend", {}, "Ask in the data sources of"), rows));
  return () => boxes.filter((box) => box.checked).map((box) => box.value);
}

function drawAnswer({ agent, text, citations }) {
  const cited = citations.map(({ title, url, similarity }) =>
    h("li", {}, outside(url, {}, title || "Untitled"), h("span", { class: "sub" }, ` similarity ${similarity.toFixed(2)}`)),
  );
  return h(
    "section",
    { class: "card answer", "aria-label": "Answer" },
    h("h2", {}, `Answer of the agent ${agent}`),
    h("div", { class: "passage-text open" }, markdown(text)),
    h("h3", {}, "It cites"),
    cited.length ? h("ol", { class: "cited" }, cited) : h("p", { class: "sub" }, "Nothing: do not take the answer for more than what the model knows by itself."),
    h("p", { class: "sub" }, "An agent reads every data source that it lists, so it may cite what is not of this source, or not for the audiences that you ticked."),
  );
}

function drawPassages(passages, withheld, question) {
  const kept = withheld > 0 && h("p", { class: "sub" }, `${count(withheld, "passage")} of restricted pages not shown. With kept_out_titles: editors in the source, those who may edit the DAG see them.`);
  if (!passages.length) return [empty("Nothing found", "No passage fits. Try words that the pages use, or look whether the last sync went well."), kept];
  const lead = `${count(passages.length, "passage")}, best first. They are parts of pages, not an answer.`;
  return [h("h2", { class: "found" }, "Passages"), h("p", { class: "sub lead" }, lead), h("ol", { class: "passages" }, passages.map((passage, index) => h("li", {}, drawPassage(passage, index, question)))), kept];
}

function drawPassage(passage, index, question) {
  const heading = passage.path.at(-1);
  const text = h("div", { class: "passage-text" }, markdown(passage.text, question));
  const more = h("button", { type: "button", class: "more", "aria-expanded": "false", hidden: true }, "Show all");
  more.addEventListener("click", () => {
    const open = text.classList.toggle("open");
    more.setAttribute("aria-expanded", String(open));
    more.textContent = open ? "Show less" : "Show all";
  });
  requestAnimationFrame(() => (more.hidden = text.scrollHeight <= text.clientHeight + 4));
  return h(
    "article",
    { class: "card passage" },
    h(
      "header",
      {},
      h("span", { class: "rank", "aria-hidden": "true" }, index + 1),
      h("h3", {}, outside(passage.url, { class: "open" }, passage.title || "Untitled", heading && heading !== passage.title && h("span", { class: "at" }, ` › ${heading}`))),
      h("span", { class: "similarity", title: "Similarity, as Twig reports it" }, h("span", { class: "meter", "aria-hidden": "true", vars: { "--share": `${Math.max(0, Math.min(1, passage.similarity)) * 100}%` } }), passage.similarity.toFixed(2), h("span", { class: "unseen" }, " similarity")),
    ),
    passage.path.length > 1 && h("p", { class: "sub path" }, passage.path.join(" › ")),
    text,
    more,
  );
}
