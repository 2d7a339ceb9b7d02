// Four choices, a search and a comparison, from window.EXITMATRIX (answers.js and answers/SCENARIO.js). The
// pages hold everything without it. What is chosen stands in the fragment, so that a view can be sent to somebody.
"use strict";

const root = document.querySelector("main").dataset.root;
const known = window.EXITMATRIX;
// Each subject by the id of its Python, and by its name with its packages.
const named = ([python, label]) => [known.pythons[python][0], known.pythons[python][1] + label];
if (known) known.subjects = known.subjects.map(named); // the search has none
const byId = (id) => document.getElementById(id);

function chosen() {
  return new URLSearchParams(location.hash.slice(1));
}

function fill(select, options, wanted) {
  select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
  if (options.some(([value]) => value === wanted)) select.value = wanted;
}

// A question is SCENARIO/[LAUNCHER/]TERMINATION@TARGET.
function parts(question) {
  const words = question.split("/");
  return { run: words[0], start: words.length > 2 ? words[1] : "direct", end: words[words.length - 1] };
}

function question(run, start, end) {
  return start === "direct" ? `${run}/${end}` : `${run}/${start}/${end}`;
}

// The answers of a scenario, once its script is there: a page that is opened as a file may load nothing else.
function answersOf(run) {
  return new Promise((done) => {
    if (run in known.answers) return done(known.answers[run]);
    const script = document.createElement("script");
    script.src = `${root}assets/answers/${run}.js`;
    script.onload = () => done(known.answers[run]);
    document.head.append(script);
  });
}

// What a termination does.
function about(what) {
  return what in known.endings ? `: ${known.endings[what]}` : "";
}

// The page of an answer: those below one launcher share one.
function page(run, start, end, who) {
  return start === "direct" ? `${root}c/${run}/${end}/index.html#${who}` : `${root}c/${run}/${start}/index.html#${end}`;
}

function front() {
  const form = byId("choices");
  let latest = 0; // of what was asked for while an answer was on its way
  form.hidden = false;

  // What people run comes first, with the names that the table has; then every other program.
  function programs(wanted) {
    const groups = [["What people run", Object.entries(known.titles).filter(([id]) => id in known.scenarios)]];
    const others = Object.entries(known.scenarios).filter(([id]) => !(id in known.titles));
    groups.push(["Other programs", others.map(([id, title]) => [id, `${title} (${id})`])]);
    byId("run").replaceChildren(...groups.map(([label, options]) => {
      const group = document.createElement("optgroup");
      group.label = label;
      group.append(...options.map(([id, title]) => new Option(title, id)));
      return group;
    }));
    if (wanted in known.scenarios) byId("run").value = wanted;
  }

  // A situation ends a program in another way where something stands above the program.
  function ending(end, start, { situations }) {
    return end in situations ? situations[end][start] : end;
  }

  // SIGTERM to the master: what it is.
  function endWords(end) {
    const [what, target] = end.split("@");
    return `${what}${target === "main" ? "" : ` to the ${target}`}${about(what)}`;
  }

  function offer(want, answers) {
    const { questions, situations } = answers;
    const run = byId("run").value;
    const mine = Object.keys(questions).map(parts);
    const people = Object.keys(known.situations).filter((id) => id in situations).map((id) => [id, known.situations[id]]);
    const told = Object.values(situations).map(({ direct }) => direct);
    const actions = known.actions.filter(([, at]) => `${run}/${at[run]}` in questions && !told.includes(at[run]));
    const ends = [...new Set(mine.map((one) => one.end))];
    fill(byId("end"), [
      ...people, ...actions.map(([words, at]) => [at[run], words]), ...ends.map((end) => [end, endWords(end)]),
    ], want.end);
    const end = byId("end").value;
    const starts = end in situations ? Object.keys(situations[end]) : mine.filter((one) => one.end === end).map((one) => one.start);
    const words = (start) => (start === "direct" ? "directly" : known.starts[start] || start);
    fill(byId("start"), [...new Set(starts)].map((start) => [start, words(start)]), want.start);
    const start = byId("start").value;
    const groups = questions[question(run, start, ending(end, start, answers))];
    const subjects = groups.flatMap(([who]) => who).sort((a, b) => a - b);
    fill(byId("py"), subjects.map((who) => [String(who), known.subjects[who][1]]), want.py);
  }

  function show(answers) {
    const { questions, situations, remedies, texts } = answers;
    const [run, end, start, py] = ["run", "end", "start", "py"].map((id) => byId(id).value);
    const at = ending(end, start, answers);
    const name = question(run, start, at);
    const groups = questions[name];
    const group = groups.find(([who]) => who.includes(Number(py)));
    const kills = known.kills.includes(end);
    const panel = byId("answer");
    panel.querySelector(".asked code").textContent = name;
    panel.querySelector(".short").innerHTML = texts[group[end in situations && kills ? 3 : 1]];
    panel.querySelector(".long").textContent = texts[group[2]];
    const [, , , , who, steps, laws] = group;
    list(".order", steps.map(([column, text]) => [texts[text], column]));
    list(".why", laws.map((law) => [texts[law]]));
    list(".versions", groups.map((one) => [`${texts[one[4]]}: ${texts[one[1]]}`]));
    panel.querySelector(".remedies").replaceChildren(...(remedies[name] || []).map((text, place) => {
      const remedy = document.createElement("p");
      remedy.textContent = `${place ? "Or" : "What to do"}: ${texts[text]}`;
      return remedy;
    }));
    panel.querySelector(".more").href = page(run, start, at, known.subjects[Number(py)][0]);
  }

  // A part of the panel, which is hidden with its heading where there is nothing to tell.
  function list(part, lines) {
    const here = byId("answer").querySelector(part);
    if (part === ".order") here.style.gridTemplateColumns = `repeat(${Math.max(1, ...lines.map(([, column]) => column))},minmax(0,1fr))`;
    here.hidden = here.previousElementSibling.hidden = !lines.length;
    here.replaceChildren(...lines.map(([words, column], row) => {
      const line = document.createElement("li");
      line.innerHTML = words;
      if (column !== undefined) line.style.gridArea = `${row + 1}/${column || "1/auto/-1"}`;
      return line;
    }));
  }

  function want() {
    const now = chosen();
    const who = known.subjects.findIndex(([, label]) => label === now.get("py"));
    return {
      run: now.get("run") || "gunicorn", end: now.get("end") || "deploy",
      start: now.get("start") || "direct", py: String(who),
    };
  }

  async function again() {
    const asked = want();
    const turn = ++latest;
    programs(asked.run);
    const answers = await answersOf(byId("run").value);
    if (turn !== latest) return;
    offer(asked, answers);
    show(answers);
  }

  form.addEventListener("change", () => {
    const py = byId("py").value;
    const now = new URLSearchParams({
      run: byId("run").value, end: byId("end").value, start: byId("start").value,
      py: py ? known.subjects[Number(py)][1] : "",
    });
    history.replaceState(null, "", `#${now}`);
    again();
  });
  window.addEventListener("hashchange", again);
  again();
}

function search() {
  const rows = [...document.querySelectorAll("tbody tr")];
  byId("searching").hidden = false;
  const find = () => {
    const words = byId("search").value.toLowerCase().split(/\s+/);
    let found = 0;
    for (const row of rows) {
      row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
      found += !row.hidden;
    }
    byId("found").textContent = `${found.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`;
  };
  byId("search").addEventListener("input", () => {
    history.replaceState(null, "", `#${new URLSearchParams({ q: byId("search").value })}`);
    find();
  });
  byId("search").value = chosen().get("q") || "";
  find();
}

// Programs have different roles: a process is compared by its place. One process has every place.
const places = { main: "first", parent: "first", master: "first", child: "serving", worker: "serving", group: "group" };
const placeWords = { first: "the first process", serving: "the process that serves", group: "the group" };

// The answers of the newest subject, by what ends the program and where: groups come newest first.
function directAnswers({ questions, texts }) {
  const found = new Map();
  for (const [name, groups] of Object.entries(questions)) {
    const { start, end } = parts(name);
    const [what, target] = end.split("@");
    const place = what.startsWith("SIG") ? places[target] || target : "";
    const key = `${what}@${place}`;
    if (start === "direct" && !found.has(key)) found.set(key, { end, place, alone: target === "main", text: texts[groups[0][1]] });
  }
  return found;
}

function answerAt(answers, key) {
  const alone = answers.get(key.replace(/@.*/, "@first"));
  return answers.get(key) || (alone && alone.alone ? alone : undefined);
}

function endingWords({ end, place }) {
  const what = end.split("@")[0];
  return `${what}${place ? ` to ${placeWords[place] || place}` : ""}${about(what)}`;
}

function compare() {
  byId("comparing").hidden = false;
  const names = Object.entries(known.scenarios).map(([id, title]) => [id, `${title} (${id})`]);
  const draw = async () => {
    const [a, b] = [byId("a").value, byId("b").value];
    const [mine, its] = (await Promise.all([answersOf(a), answersOf(b)])).map(directAnswers);
    if (a !== byId("a").value || b !== byId("b").value) return;
    const rows = [];
    let alike = 0;
    let apart = 0;
    for (const key of new Set([...mine.keys(), ...its.keys()])) {
      const [one, other] = [answerAt(mine, key), answerAt(its, key)];
      if (!one || !other) apart += 1;
      else if (one.text === other.text) alike += 1;
      else rows.push([endingWords(mine.get(key) || its.get(key)), one.text, other.text]);
    }
    const table = document.createElement("table");
    table.createTHead().innerHTML = '<tr><th scope="col">what ends it</th><th scope="col"></th><th scope="col"></th></tr>';
    table.tHead.rows[0].cells[1].textContent = a;
    table.tHead.rows[0].cells[2].textContent = b;
    const body = table.createTBody();
    for (const [words, one, other] of rows) {
      const row = body.insertRow();
      row.insertCell().textContent = words;
      row.insertCell().innerHTML = one;
      row.insertCell().innerHTML = other;
    }
    const told = document.createElement("p");
    told.textContent = `They differ in ${rows.length} ways to end and agree in ${alike}. Measured for one of them only: ${apart}.`;
    byId("compared").replaceChildren(told, table);
  };
  const want = chosen();
  fill(byId("a"), names, want.get("a") || "flask");
  fill(byId("b"), names, want.get("b") || "flask-debug");
  byId("comparing").addEventListener("change", () => {
    history.replaceState(null, "", `#${new URLSearchParams({ a: byId("a").value, b: byId("b").value })}`);
    draw();
  });
  draw();
}

if (byId("choices")) front();
if (byId("searching")) search();
if (byId("comparing")) compare();
