// What opening and using a page felt like, as https://web.dev/articles/lcp, /cls and /inp define it.
(() => {
  const felt = { paint: 0, largest: 0, what: "", shift: 0, shifted: [] };
  const longest = new Map();
  const observers = [];

  const observe = (type, each, more) => {
    const take = (entries) => entries.forEach(each);
    const one = new PerformanceObserver((list) => take(list.getEntries()));
    one.observe({ type, buffered: true, ...more });
    observers.push(() => take(one.takeRecords()));
  };
  const named = (element) => element?.nodeType === 1
    ? [element.localName, ...element.classList].join(".") + (element.id && `#${element.id}`)
    : String(element?.nodeName ?? "");

  observe("paint", (entry) => {
    if (entry.name === "first-contentful-paint") felt.paint = entry.startTime;
  });
  observe("largest-contentful-paint", (entry) => {
    felt.largest = entry.startTime;
    felt.what = named(entry.element);
  });

  // A window of shifts: less than a second between two of them, five seconds at most; the worst counts.
  let sum = 0;
  let first = 0;
  let last = 0;
  observe("layout-shift", (entry) => {
    if (entry.hadRecentInput) return;
    const on = sum && entry.startTime - last < 1000 && entry.startTime - first < 5000;
    if (!on) first = entry.startTime;
    sum = (on ? sum : 0) + entry.value;
    last = entry.startTime;
    felt.shift = Math.max(felt.shift, sum);
    felt.shifted.push(`${entry.value.toFixed(4)} ${entry.sources.map(({ node }) => named(node)).join(" ")}`);
  });

  // The events of one press or click share its number; the longest of them is how long it took.
  const interaction = ({ interactionId, duration, name, target }) => {
    if (!interactionId || duration <= (longest.get(interactionId)?.duration ?? 0)) return;
    longest.set(interactionId, { duration, what: `${name} on ${named(target)}` });
  };
  observe("event", interaction, { durationThreshold: 16 });
  observe("first-input", interaction);

  // What was painted is told only some frames later: on a slow machine the first comes after all files.
  const frame = () => new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); });
  const told = async () => {
    for (let n = 0; n < 3; n += 1) await frame();
    observers.forEach((take) => take());
  };

  // Nobody presses the next key before the answer to the last is seen; a machine does, and what was
  // opened and closed within one frame would then be counted until something else is painted.
  window.painted = () => frame().then(frame);

  window.felt = async () => {
    const patience = performance.now() + 5000;
    do await told(); while (!felt.largest && performance.now() < patience);
    const [navigation] = performance.getEntriesByType("navigation");
    const answered = navigation?.responseStart ?? 0;
    return { ...felt, answered, interactions: performance.interactionCount, longest: [...longest.values()] };
  };
})();
