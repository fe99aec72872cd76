// How long the page's thread is busy at a time, by the clock and in processor time, which a busy machine does not change.

const CATEGORIES = ["disabled-by-default-devtools.timeline", "devtools.timeline"]; // tasks, and what they consist of
const NAMED = 4; // parts of the longest task
const LONG = 50; // ms

/** Chromium's tasks of the page's thread while `act` runs: {long: {clock, cpu}, longest: {clock, cpu}, parts} in ms. */
export async function tasksOf(browser, act) {
  const session = await browser.newBrowserCDPSession();
  const events = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  await session.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories: CATEGORIES } });
  await act();
  const over = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  await session.send("Tracing.end");
  await over;
  await session.detach();
  return summed(events);
}

function summed(events) {
  const key = ({ pid, tid }) => `${pid} ${tid}`;
  const threads = new Set(events.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain").map(key));
  const ours = events.filter((event) => event.ph === "X" && threads.has(key(event)));
  const tasks = ours.filter(({ name }) => name === "RunTask").map((task) => ({ ...task, clock: task.dur / 1000, cpu: (task.tdur ?? 0) / 1000 }));
  if (tasks.length === 0) throw new Error("the trace holds no task of the page: has Chromium renamed RunTask?");
  const longest = (by) => Math.max(...tasks.map((task) => task[by]));
  const long = (by) => tasks.filter((task) => task[by] > LONG).length;
  const worst = tasks.find(({ cpu }) => cpu === longest("cpu"));
  const inside = ours.filter((event) => event.name !== "RunTask" && key(event) === key(worst) && event.ts >= worst.ts && event.ts + event.dur <= worst.ts + worst.dur);
  const parts = inside.sort((a, b) => (b.tdur ?? 0) - (a.tdur ?? 0)).slice(0, NAMED).map(({ name, tdur, args }) => {
    const what = args.data?.functionName ?? args.data?.type ?? "";
    return `${name}${what && ` ${what}`} ${((tdur ?? 0) / 1000).toFixed(0)}`;
  });
  return { count: tasks.length, long: { clock: long("clock"), cpu: long("cpu") }, longest: { clock: longest("clock"), cpu: longest("cpu") }, parts };
}
