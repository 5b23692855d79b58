#include "trace/report_page.h"

namespace perch::trace {

namespace {

// The policy forbids every request: the page is whole as it is.
constexpr std::string_view kHead = R"page(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
)page";

constexpr std::string_view kStyle = R"page(
:root {
  color-scheme: light dark;
  --row: 26px; --indent: 16px;
  --back: light-dark(#ffffff, #16181d); --raised: light-dark(#f4f5f7, #1f2229);
  --text: light-dark(#1c1e21, #e4e6eb); --faint: light-dark(#5f6570, #9aa1ad);
  --line: light-dark(#d9dce1, #343843); --focus: light-dark(#0b62d6, #6aa8ff);
  --picked: light-dark(#dceaff, #24395c); --hit: light-dark(#fff2b8, #54491a);
  --ok: light-dark(#3f8f4f, #58b26a); --failed: light-dark(#c4302b, #ff6f69);
  --cached: light-dark(#3b74c4, #6fa3ee); --skipped: light-dark(#9aa1ad, #6b7280);
}
:root[data-theme=light] { color-scheme: light; }
:root[data-theme=dark] { color-scheme: dark; }
* { box-sizing: border-box; }
html, body { height: 100%; margin: 0; }
body { display: flex; flex-direction: column; background: var(--back); color: var(--text);
  font: 14px/1.4 system-ui, sans-serif; }
header { padding: 10px 14px 6px; border-bottom: 1px solid var(--line); }
h1 { font-size: 17px; margin: 0 0 2px; overflow-wrap: anywhere; }
.facts { margin: 0; color: var(--faint); font-size: 12px; overflow-wrap: anywhere; }
.facts b { font-weight: 600; color: var(--text); }
.mark-ok { color: var(--ok); } .mark-failed { color: var(--failed); }
.bar { display: flex; flex-wrap: wrap; gap: 6px; padding-top: 8px; align-items: center; }
button, input { font: inherit; color: inherit; background: var(--raised);
  border: 1px solid var(--line); border-radius: 5px; padding: 4px 9px; min-height: 32px; }
input { flex: 1 1 180px; min-width: 0; background: var(--back); }
button[aria-pressed=true] { background: var(--picked); border-color: var(--focus); }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
#count { color: var(--faint); font-size: 12px; min-width: 7em; }
#axis { position: relative; height: 24px; border-bottom: 1px solid var(--line);
  margin-left: var(--labels); cursor: ew-resize; touch-action: none; overflow: hidden; }
#axis span { position: absolute; top: 4px; font-size: 11px; color: var(--faint); padding-left: 3px;
  border-left: 1px solid var(--line); white-space: nowrap; }
#range { position: absolute; inset-block: 0; background: var(--picked); opacity: .7; }
:root { --labels: 46%; }
#tree { flex: 1; overflow: auto; position: relative; min-height: 80px; }
#space { position: relative; }
.row { position: absolute; inset-inline: 0; height: var(--row); display: flex; align-items: center;
  cursor: default; }
.row:hover { background: var(--raised); }
.row.hit { background: var(--hit); }
.row[aria-selected=true] { background: var(--picked); }
.label { flex: 0 0 var(--labels); width: var(--labels); display: flex; align-items: center;
  gap: 6px; padding-right: 8px; overflow: hidden; white-space: nowrap; }
.fold { flex: 0 0 20px; text-align: center; cursor: pointer; color: var(--faint); user-select: none; }
.name { overflow: hidden; text-overflow: ellipsis; font-family: ui-monospace, monospace;
  font-size: 12.5px; }
.took { margin-left: auto; color: var(--faint); font-size: 12px; font-variant-numeric: tabular-nums; }
.lane { flex: 1; position: relative; height: 100%; overflow: hidden; }
.span { position: absolute; top: 22%; height: 56%; min-width: 2px; border-radius: 2px;
  background: var(--ok); }
.failed .span { background: var(--failed); } .cached .span { background: var(--cached); }
.skipped .span, .running .span { background: var(--skipped); }
.failed .name { color: var(--failed); } .skipped .name, .note .name { color: var(--faint); }
#detail { border-top: 1px solid var(--line); background: var(--raised); max-height: 42%;
  overflow: auto; padding: 8px 14px; }
#detail h2 { font: 600 13px ui-monospace, monospace; margin: 0 0 4px; overflow-wrap: anywhere; }
#detail table { border-collapse: collapse; font-size: 12.5px; width: 100%; }
#detail th { text-align: left; vertical-align: top; font-weight: 500; color: var(--faint);
  padding: 1px 12px 1px 0; white-space: nowrap; width: 1%; }
#detail td { font-family: ui-monospace, monospace; overflow-wrap: anywhere; padding: 1px 0; }
#detail .why { color: var(--failed); margin: 0 0 4px; overflow-wrap: anywhere; }
#close { float: right; }
@media (max-width: 700px) {
  :root { --row: 46px; --indent: 11px; --labels: 100%; }
  #axis { margin-left: 0; }
  .row { flex-direction: column; align-items: stretch; }
  .label { flex: 0 0 30px; padding-inline: 4px; }
  .lane { flex: 0 0 14px; margin-inline: 6px; background: var(--raised); border-radius: 3px; }
  .fold { flex-basis: 26px; } .facts { max-height: 5.6em; overflow: auto; }
}
)page";

constexpr std::string_view kBody = R"page(
<header>
<h1 id="title"></h1>
<p class="facts" id="facts"></p>
<div class="bar" role="toolbar" aria-label="Report">
<input id="search" type="search" placeholder="Search  ( / )" aria-label="Search spans">
<span id="count" role="status"></span>
<button id="failures" aria-pressed="false" title="show failed spans and the way to them">Failed</button>
<button id="open" title="expand all (e)">Expand</button>
<button id="shut" title="collapse all (c)">Collapse</button>
<button id="out" title="zoom out (-)" aria-label="zoom out">−</button>
<button id="in" title="zoom in (+)" aria-label="zoom in">+</button>
<button id="whole" title="whole run (0)">Fit</button>
<button id="theme" title="light or dark (t)">Theme</button>
</div>
</header>
<div id="axis" aria-hidden="true"></div>
<div id="tree" role="tree" tabindex="0" aria-label="Spans"><div id="space"></div></div>
<section id="detail" aria-label="Span" hidden></section>
)page";

constexpr std::string_view kModel = R"page(
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const spans = data.spans;
const $ = id => document.getElementById(id);
const total = Math.max(1, data.us, ...[0].concat(spans.slice(0, 1).map(s => s.s + s.t)));

// Same words as perch itself uses.
function took(us) {
  if (us < 1000) return us + 'µs';
  if (us < 1e6) return Math.floor(us / 1000) + 'ms';
  const s = Math.floor(us / 1e6), two = n => String(n).padStart(2, '0');
  if (s < 60) return s + '.' + two(Math.floor(us / 1e4) % 100) + 's';
  if (s < 3600) return Math.floor(s / 60) + 'm' + two(s % 60) + 's';
  return Math.floor(s / 3600) + 'h' + two(Math.floor(s / 60) % 60) + 'm';
}

// Spans come in the order they are shown, each with its depth: parents are found on the way.
const above = [];
spans.forEach((span, i) => {
  above.length = span.d;
  span.i = i;
  span.p = span.d ? above[span.d - 1] : -1;
  span.open = true;
  span.kids = (span.n || 0) > 0;
  if (span.p >= 0) spans[span.p].kids = true;
  above[span.d] = i;
  span.text = (span.l + ' ' + (span.e || '') + ' ' + span.a.map(a => a.join(' ')).join(' '))
    .toLowerCase();
});
// What is large starts with its outer levels only.
if (spans.length > 3000) spans.forEach(span => { span.open = span.d < 2; });

const state = { from: 0, to: total, picked: spans.length ? 0 : -1, query: '', failures: false,
  rows: [], hits: new Set() };

function filtered() {
  if (!state.query && !state.failures) return null;
  const shown = new Set();
  state.hits = new Set();
  spans.forEach((span, i) => {
    if (state.query && !span.text.includes(state.query)) return;
    if (state.failures && span.o !== 'failed') return;
    state.hits.add(i);
    for (let at = i; at >= 0 && !shown.has(at); at = spans[at].p) shown.add(at);
  });
  return shown;
}

// The rows in view of the fold state: spans, and notes on those that were left out.
function collect() {
  const shown = filtered(), rows = [], notes = [];
  if (!shown) state.hits = new Set();
  const leave = depth => {
    while (notes.length && notes[notes.length - 1].d >= depth) rows.push({ note: notes.pop() });
  };
  for (let i = 0; i < spans.length; ++i) {
    const span = spans[i];
    leave(span.d);
    const visible = !shown || shown.has(i);
    if (visible) rows.push({ span });
    const open = shown ? true : span.open;
    if (visible && open && span.n && !shown) notes.push(span);
    if (!open) while (i + 1 < spans.length && spans[i + 1].d > span.d) ++i;
  }
  leave(0);
  state.rows = rows;
  $('count').textContent = shown ? state.hits.size + ' of ' + spans.length : spans.length + ' spans';
}
)page";

constexpr std::string_view kView = R"page(
const rowHeight = () => parseFloat(getComputedStyle(document.documentElement)
  .getPropertyValue('--row'));
const make = (tag, name, text) => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
};
const marks = { ok: '✓', failed: '✗', skipped: '○', cached: '✓', running: '…' };

function place(bar, start, length) {
  const scale = 100 / (state.to - state.from);
  const left = (start - state.from) * scale, right = (start + length - state.from) * scale;
  if (right < 0 || left > 100) { bar.hidden = true; return; }
  bar.style.left = Math.max(left, -1) + '%';
  bar.style.width = Math.min(right, 101) - Math.max(left, -1) + '%';
}

function spanRow(span) {
  const row = make('div', 'row ' + span.o + (state.hits.has(span.i) && state.query ? ' hit' : ''));
  row.id = 'r' + span.i;
  row.setAttribute('role', 'treeitem');
  row.setAttribute('aria-level', span.d + 1);
  row.setAttribute('aria-selected', span.i === state.picked);
  if (span.kids) row.setAttribute('aria-expanded', span.open);
  const label = make('div', 'label');
  label.style.paddingLeft = 'calc(4px + var(--indent) * ' + Math.min(span.d, 14) + ')';
  const fold = make('span', 'fold', span.kids ? (span.open ? '▾' : '▸') : '');
  if (span.kids) fold.onclick = event => { event.stopPropagation(); toggle(span); };
  const name = make('span', 'name', marks[span.o] + ' ' + span.l);
  name.title = span.l + (span.e ? '\n' + span.e : '');
  const time = span.o === 'skipped' ? 'skipped' : took(span.t) + (span.o === 'cached' ? ', cached' : '');
  label.append(fold, name, make('span', 'took', time));
  const lane = make('div', 'lane'), bar = make('div', 'span');
  place(bar, span.s, span.t);
  lane.append(bar);
  row.append(label, lane);
  row.onclick = () => { pick(span.i); detail(true); };
  row.ondblclick = () => zoomTo(span.s, span.s + Math.max(span.t, 1));
  return row;
}

function noteRow(span) {
  const row = make('div', 'row note'), label = make('div', 'label');
  label.style.paddingLeft = 'calc(24px + var(--indent) * ' + Math.min(span.d + 1, 14) + ')';
  label.append(make('span', 'name', '… ' + span.n + ' more, left out to save memory' +
    (span.nf ? ', ' + span.nf + ' failed' : '')), make('span', 'took', took(span.nt)));
  row.append(label);
  return row;
}

// Only the rows in sight are in the page, so that many spans cost no more than few.
function draw() {
  const height = rowHeight(), view = $('tree'), space = $('space');
  space.style.height = state.rows.length * height + 'px';
  const first = Math.max(0, Math.floor(view.scrollTop / height) - 4);
  const last = Math.min(state.rows.length, Math.ceil((view.scrollTop + view.clientHeight) / height) + 4);
  const nodes = [];
  for (let i = first; i < last; ++i) {
    const row = state.rows[i].span ? spanRow(state.rows[i].span) : noteRow(state.rows[i].note);
    row.style.top = i * height + 'px';
    nodes.push(row);
  }
  space.replaceChildren(...nodes);
  view.setAttribute('aria-activedescendant', state.picked >= 0 ? 'r' + state.picked : '');
}

// A time of the axis, with the digits that tell it from its neighbours `step` away.
function tickText(at, step) {
  if (at === 0) return '0';
  if (state.to < 1e6 ? step >= 1000 || at < 1000 : step >= 1e6) return took(at);
  const digits = n => Math.max(0, Math.ceil(n - Math.log10(step) - 1e-9));
  if (state.to < 1e6) return (at / 1000).toFixed(digits(3)) + 'ms';
  const minutes = Math.floor(at / 60e6);
  return (minutes ? minutes + 'm' : '') + ((at - minutes * 60e6) / 1e6).toFixed(digits(6)) + 's';
}

function drawAxis() {
  const axis = $('axis'), wanted = (state.to - state.from) / Math.max(2, axis.clientWidth / 110);
  let step = 1;
  for (let factor = 1; step < wanted; factor *= 10)
    step = [1, 2, 5].map(n => n * factor).find(n => n >= wanted) || 10 * factor;
  const ticks = [];
  for (let at = Math.ceil(state.from / step) * step; at <= state.to; at += step) {
    const tick = make('span', '', tickText(at, step));
    tick.style.left = (at - state.from) / (state.to - state.from) * 100 + '%';
    ticks.push(tick);
  }
  axis.replaceChildren(...ticks);
}

function redraw() { collect(); draw(); drawAxis(); }

function detail(show) {
  const box = $('detail'), span = spans[state.picked];
  box.hidden = !show || !span;
  if (box.hidden) { draw(); return; }
  const close = make('button', '', 'Close');
  close.id = 'close';
  close.onclick = () => { detail(false); $('tree').focus(); };
  const table = make('table');
  const times = [['start', took(span.s)], ['took', took(span.t)]];
  for (const [name, value] of times.concat(span.a)) {
    const line = make('tr');
    line.append(make('th', '', name), make('td', '', value));
    table.append(line);
  }
  box.replaceChildren(close, make('h2', '', marks[span.o] + ' ' + span.l));
  if (span.e) box.append(make('p', 'why', '↳ ' + span.e));
  box.append(table);
  reveal(); // the box has made the tree smaller
  draw();
}
)page";

constexpr std::string_view kHands = R"page(
// Scrolls until the picked row is in sight.
function reveal() {
  const at = state.rows.findIndex(row => row.span && row.span.i === state.picked);
  const view = $('tree'), height = rowHeight(), top = at * height;
  if (at >= 0 && top < view.scrollTop) view.scrollTop = top;
  if (at >= 0 && top + height > view.scrollTop + view.clientHeight)
    view.scrollTop = top + height - view.clientHeight;
}

function pick(i) {
  state.picked = i;
  reveal();
  if ($('detail').hidden) draw(); else detail(true);
}

function toggle(span, open = !span.open) { span.open = open; redraw(); }

function all(open) {
  spans.forEach(span => { span.open = open || span.d < 1; });
  if (!open && state.picked >= 0) {
    while (spans[state.picked].d > 1) state.picked = spans[state.picked].p;
  }
  redraw();
}

function zoomTo(from, to) {
  const length = Math.max(2, Math.min(to - from, total));
  state.from = Math.max(0, Math.min(from, total - length));
  state.to = state.from + length;
  draw();
  drawAxis();
}

function zoom(factor, middle = (state.from + state.to) / 2) {
  zoomTo(middle - (middle - state.from) * factor, middle + (state.to - middle) * factor);
}

function move(by) {
  const rows = state.rows;
  let at = rows.findIndex(row => row.span && row.span.i === state.picked);
  for (at += by; at >= 0 && at < rows.length; at += Math.sign(by))
    if (rows[at].span) { pick(rows[at].span.i); return; }
  if (Math.abs(by) > 1) pick((by > 0 ? rows.findLast(r => r.span) : rows.find(r => r.span)).span.i);
}

function treeKey(event) {
  const span = spans[state.picked];
  if (!span) return false;
  const page = Math.floor($('tree').clientHeight / rowHeight());
  switch (event.key) {
  case 'ArrowDown': move(1); return true;
  case 'ArrowUp': move(-1); return true;
  case 'PageDown': move(page); return true;
  case 'PageUp': move(-page); return true;
  case 'Home': move(-1e9); return true;
  case 'End': move(1e9); return true;
  case 'ArrowRight': if (span.kids && !span.open) toggle(span); else move(1); return true;
  case 'ArrowLeft':
    if (span.kids && span.open) toggle(span); else if (span.p >= 0) pick(span.p);
    return true;
  case 'Enter': case ' ': detail($('detail').hidden); return true;
  case 'z': zoomTo(span.s, span.s + Math.max(span.t, 1)); return true;
  }
  return false;
}

function anyKey(event) {
  switch (event.key) {
  case '/': $('search').focus(); return true;
  case '+': case '=': zoom(0.5); return true;
  case '-': zoom(2); return true;
  case '0': zoomTo(0, total); return true;
  case 'e': all(true); return true;
  case 'c': all(false); return true;
  case 't': theme(); return true;
  case 'Escape': detail(false); return true;
  }
  return false;
}

function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
}

document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target === $('search')) {
    if (event.key === 'Escape' || event.key === 'Enter') {
      if (event.key === 'Escape') $('search').value = '', search();
      else if (state.hits.size) pick(state.hits.values().next().value);
      $('tree').focus();
      event.preventDefault();
    }
    return;
  }
  if (event.target.tagName === 'BUTTON' && (event.key === 'Enter' || event.key === ' ')) return;
  if ((event.target === $('tree') && treeKey(event)) || anyKey(event)) event.preventDefault();
});

function search() {
  state.query = $('search').value.trim().toLowerCase();
  redraw();
  $('tree').scrollTop = 0;
  draw();
}

// Dragging over the axis zooms to what was swept; a turned wheel with Ctrl zooms, with Shift moves.
let swept = null;
const timeAt = event => {
  const box = $('axis').getBoundingClientRect();
  const part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  return state.from + part * (state.to - state.from);
};
$('axis').onpointerdown = event => { swept = timeAt(event); $('axis').setPointerCapture(event.pointerId); };
$('axis').onpointermove = event => {
  if (swept === null) return;
  const range = $('range') || make('div');
  range.id = 'range';
  const a = Math.min(swept, timeAt(event)), b = Math.max(swept, timeAt(event));
  range.style.left = (a - state.from) / (state.to - state.from) * 100 + '%';
  range.style.width = (b - a) / (state.to - state.from) * 100 + '%';
  $('axis').append(range);
};
$('axis').onpointerup = event => {
  const a = swept, b = timeAt(event);
  swept = null;
  if (Math.abs(b - a) > (state.to - state.from) / 100) zoomTo(Math.min(a, b), Math.max(a, b));
  else drawAxis();
};
$('axis').ondblclick = () => zoomTo(0, total);
$('tree').addEventListener('wheel', event => {
  if (!event.ctrlKey && !event.shiftKey) return;
  event.preventDefault();
  if (event.ctrlKey) { zoom(event.deltaY > 0 ? 1.25 : 0.8, timeAt(event)); return; }
  const step = (state.to - state.from) / 10 * Math.sign(event.deltaY || event.deltaX);
  zoomTo(state.from + step, state.to + step);
}, { passive: false });

$('title').append(make('span', data.ok ? 'mark-ok' : 'mark-failed', data.ok ? '✓ ' : '✗ '),
  (spans.length ? spans[0].l : 'perch') + ' (' + took(data.us) + ')');
data.facts.concat([['exit', String(data.exit)]],
  data.folded ? [['left out', data.folded + ' spans']] : []).forEach(([name, value]) => {
  $('facts').append(make('b', '', name), ' ' + value + '   ');
});
$('search').oninput = search;
$('failures').onclick = () => {
  state.failures = !state.failures;
  $('failures').setAttribute('aria-pressed', state.failures);
  search();
};
$('open').onclick = () => all(true);
$('shut').onclick = () => all(false);
$('in').onclick = () => zoom(0.5);
$('out').onclick = () => zoom(2);
$('whole').onclick = () => zoomTo(0, total);
$('theme').onclick = theme;
$('tree').onscroll = draw;
addEventListener('resize', () => { draw(); drawAxis(); });
redraw();
$('tree').focus({ preventScroll: true });
)page";

} // namespace

std::string_view page_head() { return kHead; }
std::string_view page_style() { return kStyle; }
std::string_view page_body() { return kBody; }

std::span<const std::string_view> page_scripts() {
  static constexpr std::string_view kScripts[] = {kModel, kView, kHands};
  return kScripts;
}

} // namespace perch::trace
