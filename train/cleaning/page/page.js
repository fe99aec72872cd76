// One photo after the other: leave it, set it aside, or move it to another class. Everything is asked of the server by number.

const $ = (id) => document.getElementById(id);
const KEYED = 9; // classes with a key of their own

/** @type {{folder: string, quarantine: string, classes: string[], queues: {title: string, entries: {photo: number, why: string, beside: number[]}[]}[], photos: {number: number, name: string, label: string, was: string, split: string, figures: string, state: string, broken: boolean}[], undoable: number}} */
let state;
let queue = 0;
let at = 0;
let work = Promise.resolve(); // keys may come faster than answers: each waits for the one before

/** The chosen queue's entries of the chosen class. */
function entries() {
  const wanted = $("class").value;
  const all = state.queues[queue]?.entries ?? [];
  return wanted ? all.filter((entry) => state.photos[entry.photo].was === wanted) : all;
}

const left = (list) => list.filter((entry) => state.photos[entry.photo].state === "there").length;

function say(text, isTrouble = false) {
  $("status").textContent = text;
  $("status").classList.toggle("trouble", isTrouble);
}

function show() {
  [...$("queues").children].forEach((item, index) => {
    item.firstChild.setAttribute("aria-current", String(index === queue));
    item.firstChild.lastChild.textContent = left(state.queues[index].entries);
  });
  const list = entries();
  at = Math.min(Math.max(at, 0), Math.max(list.length - 1, 0));
  $("card").hidden = list.length === 0;
  $("nothing").hidden = list.length > 0;
  $("undo").disabled = state.undoable === 0;
  if (list.length === 0) return;
  const entry = list[at];
  const photo = state.photos[entry.photo];
  $("place").textContent = `${state.queues[queue].title}: ${at + 1} of ${list.length}`;
  $("why").textContent = entry.why;
  $("card").classList.toggle("moved", photo.state !== "there");
  const picture = $("picture");
  if (picture.dataset.photo !== String(photo.number)) {
    picture.hidden = photo.broken;
    $("unseen").hidden = !photo.broken;
    picture.dataset.photo = photo.number;
    if (!photo.broken) picture.src = `photo/${photo.number}`;
    picture.alt = `${photo.was}: ${photo.name}`;
  }
  const now = { there: photo.split ? `${photo.label}, ${photo.split}` : photo.label, quarantine: "set aside", relabel: `now in ${photo.label}` }[photo.state];
  $("caption").replaceChildren(element("b", now), document.createElement("br"), `${photo.name}, ${photo.figures}`);
  $("beside").replaceChildren(...entry.beside.map(companion));
  $("aside").disabled = photo.state !== "there";
  $("previous").disabled = at === 0;
  $("next").disabled = at === list.length - 1;
  for (const button of $("labels").children) {
    button.setAttribute("aria-pressed", String(button.dataset.label === photo.label));
    button.disabled = photo.state !== "there" || button.dataset.label === photo.label;
  }
  const following = list[at + 1];
  if (following && !state.photos[following.photo].broken) new Image().src = `photo/${following.photo}`;
}

function companion(number) {
  const photo = state.photos[number];
  const item = document.createElement("li");
  const picture = document.createElement("img");
  picture.src = `photo/${number}`;
  picture.alt = "";
  item.append(picture, element("p", `${photo.state === "quarantine" ? "set aside: " : ""}${photo.name}, ${photo.figures}`));
  return item;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

/** Ask for a move; then the next photo, unless it was refused. */
async function ask(what, content) {
  $("main").ariaBusy = "true";
  try {
    const answer = await fetch(what, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(content) });
    const { photo, undoable, said } = await answer.json();
    say(said, !answer.ok);
    if (!answer.ok) return;
    state.undoable = undoable;
    if (photo) {
      state.photos[photo.number] = photo;
      $("picture").dataset.photo = "";
      if (what === "undo") find(photo.number);
      else at++;
    }
  } catch {
    say("No answer: is safelight clean still running?", true);
  } finally {
    show();
    $("main").ariaBusy = "false";
  }
}

/** Go to a photo that was put back, in this queue or another. */
function find(number) {
  for (const index of [queue, ...state.queues.keys()]) {
    const found = state.queues[index].entries.findIndex((entry) => entry.photo === number);
    if (found < 0) continue;
    queue = index;
    const own = entries().findIndex((entry) => entry.photo === number);
    if (own < 0) $("class").value = "";
    at = own < 0 ? found : own;
    return;
  }
}

const current = () => entries()[at];
const acts = {
  next: () => { at++; show(); },
  previous: () => { at--; show(); },
  aside: async () => { const entry = current(); if (entry && !$("aside").disabled) await ask("quarantine", { photo: entry.photo, why: entry.why }); },
  undo: async () => { if (state.undoable > 0) await ask("undo", {}); },
};
const KEYS = { ArrowRight: "next", ArrowLeft: "previous", d: "aside", u: "undo" };

async function relabel(label) {
  const entry = current();
  const photo = entry && state.photos[entry.photo];
  if (photo?.state === "there" && label !== undefined && label !== photo.label) await ask("relabel", { photo: entry.photo, label });
}

/** Do it when what was asked before is done. */
function soon(act) {
  work = work.then(act);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.matches("select")) return;
  if (event.key >= "1" && event.key <= "9") soon(() => relabel(state.classes[Number(event.key) - 1]));
  else if (KEYS[event.key]) soon(acts[KEYS[event.key]]);
  else return;
  event.preventDefault();
});
for (const [id, act] of Object.entries(acts)) $(id).addEventListener("click", () => soon(act));
$("class").addEventListener("change", () => soon(() => { at = 0; show(); }));
$("picture").addEventListener("error", () => { $("picture").hidden = true; $("unseen").hidden = false; });

state = await (await fetch("state")).json();
$("folder").textContent = state.folder;
document.title = `${state.folder} · Safelight`;
$("quarantine").textContent = state.quarantine;
$("class").append(...state.classes.map((label) => element("option", label)));
$("queues").append(...state.queues.map(({ title }, index) => {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.append(element("span", title), element("span", ""));
  button.addEventListener("click", () => soon(() => { queue = index; at = 0; show(); }));
  item.append(button);
  return item;
}));
$("labels").append(...state.classes.map((label, index) => {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.label = label;
  if (index < KEYED) button.append(element("kbd", index + 1));
  button.append(label);
  button.addEventListener("click", () => soon(() => relabel(label)));
  return button;
}));
say(state.queues.length ? "Look, decide, press a key." : "Nothing to clean: nothing stood out.");
show();
