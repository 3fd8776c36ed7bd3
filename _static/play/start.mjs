// Finds a page's playthings and brings each as its reader comes near. Where one cannot start, the
// still figure stays.

const NEAR = "600px";

async function begin(place) {
  try {
    const [{ mount }, module] = await Promise.all([
      import("./plaything.mjs"),
      import(`./${place.dataset.play}.mjs`),
    ]);
    const data = module.data ? await numbersOf(place.dataset.play) : undefined;
    mount(place, module, data);
  } catch (error) {
    place.classList.add("failed");
    console.error(`The plaything ${place.dataset.play} does not start.`, error);
  }
}

async function numbersOf(name) {
  const answer = await fetch(new URL(`./${name}.json`, import.meta.url));
  if (!answer.ok) throw new Error(`${name}.json: ${answer.status}`);
  return answer.json();
}

const places = [...document.querySelectorAll(".play[data-play]")];
const near = new IntersectionObserver(
  (seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      begin(target);
    }
  },
  { rootMargin: NEAR },
);
for (const place of places) near.observe(place);

// a link with a setting leads to its plaything, also where that stands under a question's veil
function lead() {
  const asked = document.getElementById(/^#(play-[\w-]+)\?/.exec(location.hash)?.[1] ?? "");
  const veil = asked?.closest("details");
  if (veil) veil.open = true;
  asked?.scrollIntoView();
}
lead();
addEventListener("hashchange", lead);
