// When the page looks again: after a while, when somebody comes back to it, or when something was just done.

const again = new EventTarget();

/** Look again now. */
export function lookAgain() {
  again.dispatchEvent(new Event("look"));
}

/** Wait for so many seconds, or until there is a reason to look again. */
export function untilNextLook(seconds, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", tick);
      again.removeEventListener("look", done);
      resolve();
    };
    // Nobody looks at a hidden page: it waits until somebody comes back.
    const tick = () => (document.hidden ? null : done());
    const timer = setTimeout(tick, seconds * 1000);
    document.addEventListener("visibilitychange", tick);
    again.addEventListener("look", done);
    signal.addEventListener("abort", done, { once: true });
  });
}
