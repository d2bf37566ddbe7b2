// Airflow shows the page in a sandboxed frame that may neither open tabs nor leave Airflow's page. Airflow's own page
// may, and it has the same origin: so a link of ours is clicked there.

/** Airflow's window around this page, or null when the page stands alone. */
export function around() {
  try {
    return window.parent !== window && window.parent.document ? window.parent : null;
  } catch {
    return null;
  }
}

/** Make links to other places work inside the frame. */
export function freeLinks() {
  const follow = (event) => {
    const link = event.target.closest?.("a[target=_blank], a[data-leave-frame]");
    const airflow = around();
    if (!link || !airflow || (event.type === "auxclick" && event.button !== 1)) return;
    event.preventDefault();
    const elsewhere = link.target === "_blank" || event.ctrlKey || event.metaKey || event.type === "auxclick";
    const proxy = airflow.document.createElement("a");
    proxy.href = link.href;
    proxy.rel = "noopener noreferrer";
    if (elsewhere) proxy.target = "_blank";
    airflow.document.body.append(proxy);
    proxy.click();
    proxy.remove();
  };
  document.addEventListener("click", follow);
  document.addEventListener("auxclick", follow);
}

/** Show the place in this page in Airflow's address bar, so that it can be reloaded, kept and sent to somebody. */
export function showAddress() {
  const airflow = around();
  const place = /^(.*)\/plugin\/confluence-to-twig(\/|$)/.exec(airflow?.location.pathname ?? "");
  if (!place) return;
  const [, root] = place;
  const address = `${root}/plugin/confluence-to-twig${location.pathname.slice(root.length)}${location.search}${location.hash}`;
  airflow.history.replaceState(airflow.history.state, "", address);
}
