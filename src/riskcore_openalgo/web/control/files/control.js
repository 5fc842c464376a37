"use strict";
/* The control page: it polls one state, puts it on the screen, and sends acts. All text goes in as text, never as HTML. */

const EVERY_MS = 1000;
const SILENT_MS = 5000;
const byId = (id) => document.getElementById(id);
let token = "";
let heardAt = Date.now();
let shown = null;
let act = null;

const rupees = new Intl.NumberFormat("en-IN", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const money = (text) => (text === null || text === undefined ? "unknown" : rupees.format(Number(text)));
const figure = (text) => (text.includes(".") ? money(text) : text);
const clock = (iso) => iso.slice(11, 19);
const sign = (text) => (Number(text) > 0 ? "good" : Number(text) < 0 ? "bad" : "");

/* ---------------------------------------------------------------- drawing */

function put(element, text, kind) {
  if (element.textContent !== text) element.textContent = text;
  if (kind !== undefined && element.className !== kind) element.className = kind;
}

/* A row is kept while its key stays, so that a button does not vanish under a finger. */
function rows(id, items, key, cells, nothing) {
  const body = byId(id);
  const known = new Map([...body.rows].map((row) => [row.dataset.key, row]));
  const wanted = items.length ? items : nothing ? [null] : [];
  const times = new Map();
  wanted.forEach((item, at) => {
    const called = item === null ? "nothing" : key(item);
    times.set(called, (times.get(called) || 0) + 1);
    const name = `${called} ${times.get(called)}`; // two fills may be told in the same words at the same moment
    let row = known.get(name);
    if (!row) {
      row = document.createElement("tr");
      row.dataset.key = name;
    }
    known.delete(name);
    if (body.rows[at] !== row) body.insertBefore(row, body.rows[at] || null);
    fill(row, item === null ? [{ text: nothing, kind: "empty" }] : cells(item));
  });
  known.forEach((row) => row.remove());
}

function fill(row, cells) {
  cells.forEach((cell, at) => {
    let made = row.cells[at];
    if (!made) {
      made = row.insertCell();
      if (cell.name) made.dataset.name = cell.name;
    }
    if (cell.buttons) buttons(made, cell.buttons);
    else if (cell.meter !== undefined) meter(made, cell.meter);
    else put(made, cell.text === null || cell.text === undefined ? "-" : String(cell.text));
    made.className = cell.kind || "";
    if (cell.name === undefined && cell.kind === "empty") made.colSpan = 20;
  });
}

function buttons(cell, wanted) {
  const signature = JSON.stringify(wanted);
  if (cell.dataset.made === signature) return;
  cell.dataset.made = signature;
  cell.replaceChildren(
    ...wanted.map(([ask, label, about]) => {
      const made = document.createElement("button");
      made.textContent = label;
      made.dataset.ask = ask;
      made.dataset.about = JSON.stringify(about);
      return made;
    }),
  );
}

function meter(cell, pct) {
  let made = cell.firstElementChild;
  if (!made) {
    made = document.createElement("meter");
    Object.assign(made, { min: 0, max: 100, low: 60, high: 85, optimum: 0 });
    cell.append(made);
  }
  made.value = Math.min(Number(pct), 100);
  made.title = `${pct} %`;
}

function draw(state) {
  shown = state;
  token = state.token;
  banner(state);
  emergency(state);
  today(state);
  tables(state);
  lists(state);
}

function banner(state) {
  const { banner: what } = state;
  put(byId("mode"), `${what.mode.toUpperCase()}${what.analyzer ? " (ANALYZER)" : ""}`);
  put(byId("money-kind"), what.real_money ? "REAL MONEY" : "no real money can move");
  byId("banner").classList.toggle("real", what.real_money);
  put(byId("broker"), `broker ${what.broker}, OpenAlgo ${what.openalgo}`);
  put(byId("clock"), `${state.now.slice(0, 10)} ${clock(state.now)} IST, ${state.user}`);
  put(byId("state"), state.state.name.replaceAll("_", " "), `chip ${state.state.name}`);
  put(byId("journal"), what.journal);
  put(byId("policy"), state.policy);
  put(byId("next-session"), state.next_session ? "(another one from the next session)" : "");
  document.title = `${state.state.name} ${state.money.day} - riskcore`;
  byId("latches").hidden = !state.state.latches.length;
  rows("latch-rows", state.state.latches, (l) => `${l.name} ${l.key}`, (l) => [
    { text: `${l.name}${l.key ? ` (${l.key})` : ""}`, kind: "bad" },
    { text: `${l.state.replaceAll("_", " ")} since ${clock(l.at)} by ${l.by}: ${l.why}`, kind: "text" },
    { buttons: l.name === "emergency_stop" ? [] : [["resume", "Lift", { name: l.name }]] },
  ]);
}

const STAGES = {
  stopping: "entries are being taken back and positions left",
  flat: "nothing of ours is held or open; two readings of the broker's books bear that out",
  stop_incomplete: "not done in time; it goes on trying. Look at the broker's own page",
  stop_pending: "the market is shut: what is held leaves when it opens",
};

function emergency(state) {
  const stop = state.emergency;
  byId("emergency").hidden = !stop;
  if (!stop) return;
  byId("rearm").disabled = stop.stage === "stopping";
  put(byId("stage"), stop.stage.replaceAll("_", " "), stop.stage === "flat" ? "good" : "bad");
  const whose = stop.whole_account ? "the whole account" : "our positions";
  put(byId("stage-text"), `${STAGES[stop.stage]} (${whose}; ${stop.by} at ${clock(stop.at)}: ${stop.why})`);
  const left = [
    ...state.positions.map((p) => `position ${p.side} ${p.quantity} ${p.key}`),
    ...state.orders.map((o) => `${o.kind} ${o.key}: ${o.status}`),
    ...stop.left,
  ];
  const list = byId("stage-left");
  if (list.dataset.made === left.join("|")) return;
  list.dataset.made = left.join("|");
  list.replaceChildren(...left.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}

function today(state) {
  const m = state.money;
  const lines = [
    ["equity", money(m.equity)], ["at the open", money(m.opening)],
    ["result", `${money(m.day)}${m.day_pct === null ? "" : ` (${m.day_pct} %)`}`, sign(m.day)],
    ["realised, after charges", money(m.realised), sign(m.realised)],
    ["open", money(m.unrealised), sign(m.unrealised)], ["charges", money(m.charges)],
  ];
  const list = byId("money");
  if (list.childElementCount !== lines.length * 2) {
    list.replaceChildren(...lines.flatMap(() => [document.createElement("dt"), document.createElement("dd")]));
  }
  lines.forEach(([name, value, kind], at) => {
    put(list.children[2 * at], name);
    put(list.children[2 * at + 1], value, kind || "");
  });
  chart(state.points, m.opening);
}

function chart(points, opening) {
  const svg = byId("chart");
  const signature = `${points.length} ${points.length ? points[points.length - 1] : ""}`;
  if (svg.dataset.made === signature) return;
  svg.dataset.made = signature;
  const values = points.map((p) => Number(p[1]));
  const base = opening === null ? null : Number(opening);
  const all = base === null ? values : [...values, base];
  svg.replaceChildren();
  if (values.length < 2) {
    put(byId("chart-text"), "the way of equity is drawn when there are two points of it");
    return;
  }
  const low = Math.min(...all), high = Math.max(...all), wide = high - low || 1;
  const times = points.map((p) => Date.parse(p[0]));
  const span = times[times.length - 1] - times[0] || 1;
  const x = (at) => (((times[at] - times[0]) / span) * 600).toFixed(1);
  const y = (value) => (150 - ((value - low) / wide) * 140).toFixed(1);
  if (base !== null) svg.append(shape("line", { class: "base", x1: 0, x2: 600, y1: y(base), y2: y(base) }));
  svg.append(shape("polyline", { class: "way", points: values.map((v, at) => `${x(at)},${y(v)}`).join(" ") }));
  put(byId("chart-text"), `${clock(points[0][0])} to ${clock(points.at(-1)[0])}: low ${money(low)}, high ${money(high)}`);
}

function shape(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  return made;
}

function tables(state) {
  rows("limits", state.limits, (l) => l.rule, (l) => [
    { text: l.rule, kind: l.tripped ? "bad" : "" }, { name: "in use", meter: l.pct },
    { name: "used", text: figure(l.used), kind: "n" }, { name: "of", text: figure(l.limit), kind: "n" },
    { name: "left", text: figure(l.left), kind: "n" },
  ], "no limit can be measured yet");
  put(byId("positions-count"), String(state.positions.length));
  rows("positions", state.positions, (p) => p.key, (p) => [
    { text: `${p.key} ${p.product}` },
    { name: "shares", text: `${p.side === "BUY" ? "" : "-"}${p.quantity}`, kind: "n" },
    { name: "entry", text: p.average, kind: "n" }, { name: "last", text: p.last, kind: "n" },
    { name: "age", text: p.age_s === null ? "never" : `${Math.round(p.age_s)} s`, kind: age(p.age_s) },
    { name: "stop", text: p.stop, kind: "n" }, { name: "target", text: p.target, kind: "n" },
    { name: "trail", text: p.trail ? `${p.trail} (best ${p.best})` : "-" },
    { name: "result", text: money(p.result), kind: `n ${sign(p.result)}` },
    { name: "protected", text: p.leaving ? "leaving" : p.covered ? "yes" : "NO STOP", kind: p.leaving ? "warn" : p.covered ? "good" : "bad" },
    { buttons: [
      ["exit", "Exit", { symbol: p.key }], ["reduce", "Reduce", { symbol: p.key }],
      ["tighten", "Move stop", { symbol: p.key, now: p.stop }]], kind: "full" },
  ], "nothing is held");
  put(byId("orders-count"), String(state.orders.length));
  rows("orders", state.orders, (o) => o.id, (o) => [
    { text: `${o.side} ${o.key}` }, { name: "kind", text: o.kind },
    { name: "filled", text: `${o.filled} / ${o.quantity}`, kind: "n" }, { name: "price", text: o.price, kind: "n" },
    { name: "status", text: o.cancelling ? `${o.status}, being cancelled` : o.status },
    { name: "sent", text: clock(o.at) },
    { buttons: o.can_cancel && !o.cancelling ? [["cancel", "Cancel", { order: o.id, key: o.key }]] : [], kind: "full" },
  ], "no order works");
}

const age = (seconds) => `n ${seconds === null || seconds > 15 ? "bad" : seconds > 5 ? "warn" : ""}`;

function lists(state) {
  rows("decisions", state.decisions, (d) => `${d.at} ${d.key} ${d.side}`, (d) => [
    { text: clock(d.at) }, { name: "signal", text: `${d.side} ${d.key}` }, { name: "from", text: d.source },
    { name: "answer", text: d.approved ? "approved" : "refused", kind: d.approved ? "good" : "bad" },
    { text: d.why.join("; "), kind: "full" },
  ], "no signal came today");
  rows("trades", state.trades, (t) => `${t.at} ${t.key}`, (t) => [
    { text: clock(t.at) }, { text: `${t.side} ${t.quantity} ${t.key} ${t.entry} to ${t.exit}`, kind: "full" },
    { name: "left by", text: t.reason }, { name: "net", text: money(t.net), kind: `n ${sign(t.net)}` },
  ], "no trade was finished today");
  rows("health", state.health, (h) => h.name, (h) => [
    { text: h.name }, { text: h.good ? "good" : "LOOK", kind: h.good ? "good" : "bad" }, { text: h.text, kind: "text" },
  ]);
  rows("alerts", state.alerts, (a) => `${a.at} ${a.text}`, (a) => [
    { text: clock(a.at), kind: "n" }, { text: a.text, kind: `text ${{ critical: "bad", warning: "warn" }[a.severity] || ""}` },
  ], "nothing was told today");
}

/* ---------------------------------------------------------------- asking */

const WHY = { name: "why", label: "Why (it stands in the journal)" };
const ASKS = {
  pause: { title: "Pause entries", text: "Exits and stops go on.", fields: [] },
  resume: { title: "Resume", text: "Lift a stop of entries.",
    fields: [{ name: "name", label: "Latch (empty: the pauses by hand)", optional: true },
      { name: "word", label: "Word, where one is asked for: UNLOCK or CONFIRM", optional: true }] },
  enter: { title: "Enter by hand", text: "Decided on like any signal: every rule is asked.",
    fields: [{ name: "side", label: "Side", options: ["buy", "sell"] }, { name: "symbol", label: "Symbol, such as INFY" },
      { name: "stop", label: "Stop (empty: the policy's own)", optional: true, mode: "decimal" },
      { name: "target", label: "Target (empty: the policy's own)", optional: true, mode: "decimal" },
      { name: "product", label: "Product", options: ["MIS", "CNC", "NRML"] }] },
  exit: { title: "Exit", text: "All of the position leaves.", fields: [{ name: "symbol", label: "Symbol", fixed: true }] },
  reduce: { title: "Reduce", text: "A part leaves; the rest stays protected.",
    fields: [{ name: "symbol", label: "Symbol", fixed: true }, { name: "quantity", label: "Shares", mode: "numeric" }] },
  tighten: { title: "Move the stop nearer", text: "Never further from the price.",
    fields: [{ name: "symbol", label: "Symbol", fixed: true }, { name: "stop", label: "New stop", mode: "decimal" }] },
  cancel: { title: "Cancel an order", text: "", fields: [{ name: "order", label: "Order", fixed: true }] },
  set: { title: "Change a setting", text: "Looser while the day is in loss: from the next session, with CONFIRM.",
    fields: [{ name: "key", label: "Setting", list: true }, { name: "value", label: "Value, as in the file", optional: true },
      { name: "word", label: "CONFIRM, where it is asked for", optional: true }] },
  stop: { title: "EMERGENCY STOP", text: "Entries are taken back, every position of ours leaves, the account is locked.",
    fields: [{ name: "whole", label: "To take all that the account holds, type whole-account", optional: true }],
    why: "emergency stop", danger: true, said: "it is at work, and has not ended before it says flat" },
  rearm: { title: "Re-arm", text: "Entries may go again. Look at the account first.",
    fields: [{ name: "word", label: "Type UNLOCK" }] },
};

async function ask(name, about) {
  const what = ASKS[name];
  act = { name, base: "" };
  put(byId("ask-title"), what.title);
  put(byId("ask-text"), about.now ? `${what.text} It stands at ${about.now}.` : what.text);
  put(byId("ask-wrong"), "");
  put(byId("ask-diff"), "");
  put(byId("ask-do"), what.danger ? "STOP NOW" : "Do it", what.danger ? "stop" : "main");
  byId("ask-do").disabled = false;
  byId("ask-fields").replaceChildren(...[...what.fields, { ...WHY, value: what.why }].map((f) => field(f, about)));
  byId("ask").showModal();
  if (name === "set") await settings();
}

function field(wanted, about) {
  const label = document.createElement("label");
  label.textContent = `${wanted.label} `;
  const made = document.createElement(wanted.options || wanted.list ? "select" : "input");
  made.name = wanted.name;
  (wanted.options || []).forEach((option) => made.append(new Option(option, option)));
  made.value = about[wanted.name] || wanted.value || (wanted.options ? wanted.options[0] : "");
  if (!wanted.options && !wanted.list) {
    made.autocomplete = "off";
    made.maxLength = 300;
    if (wanted.mode) made.inputMode = wanted.mode;
    made.readOnly = Boolean(wanted.fixed);
  }
  made.required = !wanted.optional;
  label.append(made);
  return label;
}

async function settings() {
  const found = await get("/api/settings");
  const form = byId("form").elements;
  if (!found || !form.key) return;
  act.base = found.base;
  form.key.replaceChildren(...found.settings.map((s) => new Option(s.key, s.key)));
  const values = new Map(found.settings.map((s) => [s.key, s]));
  const choose = () => {
    const setting = values.get(form.key.value);
    form.value.value = setting.value === "None" ? "" : setting.value;
    put(byId("ask-diff"), setting.help);
  };
  form.key.addEventListener("change", choose);
  form.value.addEventListener("input", () => preview(form));
  choose();
}

async function preview(form) {
  const found = await get(`/api/change?${new URLSearchParams({ key: form.key.value, value: form.value.value })}`);
  if (!found) return;
  const said = found.changes
    ? found.changes.map(([key, before, after, looser]) => `${key}: ${before} -> ${after}${looser ? " (looser)" : ""}`)
    : [found.why];
  put(byId("ask-diff"), said.join(", ") || "nothing changes");
}

async function send(event) {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(byId("form")));
  if (act.name === "stop") given.whole_account = given.whole === "whole-account";
  if (act.name === "stop" && given.whole && !given.whole_account) {
    put(byId("ask-wrong"), "to take the whole account, type whole-account; else leave it empty");
    return;
  }
  byId("ask-do").disabled = true;
  const found = await post(`/api/act/${act.name}`, { ...given, base: act.base, once: number() });
  byId("ask-do").disabled = false;
  if (found.done) {
    byId("ask").close();
    say(`${ASKS[act.name].title}: ${ASKS[act.name].said || "taken"}`);
  } else put(byId("ask-wrong"), `${found.reason}: ${found.why}`);
  poll();
}

const number = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

function say(text) {
  const said = byId("said");
  said.textContent = text;
  said.hidden = false;
  setTimeout(() => { said.hidden = true; }, 4000);
}

/* ---------------------------------------------------------------- talking to the server */

async function get(path) {
  try {
    const answer = await fetch(path, { cache: "no-store", credentials: "same-origin" });
    if (answer.status === 401) location.assign("/login");
    return answer.headers.get("content-type") === "application/json" ? await answer.json() : null;
  } catch {
    return null;
  }
}

async function post(path, given) {
  const headers = { "content-type": "application/json", "x-control-token": token };
  try {
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(given), credentials: "same-origin" });
    if (answer.status === 401) location.assign("/login");
    return await answer.json();
  } catch {
    return { done: false, reason: "no_answer", why: "the runner does not answer: riskcore stop --direct stops without it" };
  }
}

let polling = false;
async function poll() {
  if (polling) return;
  polling = true;
  const found = await get("/api/state");
  polling = false;
  if (found && found.state) {
    heardAt = Date.now();
    draw(found);
  }
}

function listen() {
  const silent = Date.now() - heardAt;
  byId("silent").hidden = silent < SILENT_MS;
  if (silent >= SILENT_MS) {
    put(byId("silent"), `NO ANSWER for ${Math.round(silent / 1000)} s: what stands here is old. riskcore stop --direct`);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-ask]");
  if (button && shown) ask(button.dataset.ask, JSON.parse(button.dataset.about || "{}"));
});
byId("form").addEventListener("submit", send);
byId("ask-cancel").addEventListener("click", () => byId("ask").close());
byId("logout").addEventListener("click", async () => {
  await post("/logout", {});
  location.assign("/login");
});
setInterval(poll, EVERY_MS);
setInterval(listen, EVERY_MS);
poll();
