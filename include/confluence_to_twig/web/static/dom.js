// Elements without markup: every text becomes a text node, so a page title can hold what it likes.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. `on` maps event names to listeners, `vars` sets CSS properties; null and false leave an attribute out. */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function s(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "vars") {
      for (const [property, setting] of Object.entries(value)) element.style.setProperty(property, setting);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The address if a browser may open it, else null: page addresses come from outside. */
export function safeUrl(url) {
  try {
    return ["https:", "http:"].includes(new URL(url).protocol) ? url : null;
  } catch {
    return null;
  }
}

/** A link that leaves Airflow, in a new tab; plain text when the address is none. */
export function outside(url, attributes, ...children) {
  const safe = safeUrl(url);
  if (!safe) return h("span", attributes, ...children);
  return h(
    "a",
    { ...attributes, href: safe, target: "_blank", rel: "noopener noreferrer" },
    ...children,
    h("span", { class: "leaves", "aria-hidden": "true" }, "↗"),
    h("span", { class: "unseen" }, " (opens in a new tab)"),
  );
}

/** A link into Airflow's own UI; `path` begins below Airflow's root. */
export function inside(path, attributes, ...children) {
  return h("a", { ...attributes, href: `../${path}`, "data-leave-frame": true }, ...children);
}

/** Replace what is in `parent`, keeping the focus on the element with the same `data-key`. */
export function replace(parent, ...children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  parent.replaceChildren(...children.flat(Infinity).filter(Boolean));
  if (focused) parent.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

/** Say something to people who hear the page. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

let ids = 0;

/** An id that no other element has. */
export function uniqueId(prefix) {
  ids += 1;
  return `${prefix}-${ids}`;
}
