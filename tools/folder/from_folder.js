// In the book as a folder: browsers run no modules from there, so a page asks for its own only where
// it is served. Not a module itself, for the same reason. What stands without them is in the page.
if (location.protocol !== "file:") {
  const root = document.documentElement;
  root.classList.add("served");
  addEventListener("DOMContentLoaded", () => {
    for (const { content } of document.querySelectorAll('meta[name="module"]')) {
      const script = document.createElement("script");
      Object.assign(script, { type: "module", src: content, async: false });
      document.head.append(script);
    }
  });
}
