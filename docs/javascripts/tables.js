// A table that is wider than the page scrolls in a box of the theme's, which the keyboard must reach as well.

new MutationObserver(() => {
  for (const box of document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }
}).observe(document.documentElement, { childList: true, subtree: true });
