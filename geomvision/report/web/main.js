// Start every viewer once it comes into view.

const REPORT = JSON.parse(document.getElementById("report-data").textContent);
const COLORS = { value: bytesOf(REPORT.colors.value), error: bytesOf(REPORT.colors.error) };

async function start(root) {
  const scene = await Scene.load(REPORT.samples[Number(root.dataset.sample)], COLORS);
  const comparer = new Comparer(root, scene);
  const curve = scene.truth ? new Curve(root, scene) : null;
  const cap = root.querySelector("select.cap");
  if (cap) cap.addEventListener("change", () => curve.draw());
  const cloud = root.querySelector(".cloud") ? new Cloud(root, scene) : null;
  Object.assign(root, { scene, comparer, cloud });
  root.classList.add("ready");
}

async function startSurface(root) {
  root.surface = await Surface.load(root, REPORT.surfaces[Number(root.dataset.surface)]);
  root.classList.add("ready");
}

const observer = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    observer.unobserve(entry.target);
    (entry.target.dataset.surface === undefined ? start : startSurface)(entry.target).catch((error) => {
      entry.target.querySelector(".where").textContent = `this viewer cannot start: ${error.message}`;
      throw error;
    });
  }
}, { rootMargin: "600px" });
for (const root of document.querySelectorAll(".viewer, .surface")) observer.observe(root);

document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});
