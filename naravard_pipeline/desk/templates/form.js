'use strict';
// What was typed goes to the server, which proposes, checks and writes; nothing is decided here.
const $ = id => document.getElementById(id);
const token = document.querySelector('meta[name=token]').content;
const all = selector => [...document.querySelectorAll(selector)];
let breaks = [], named = false, number = 0;

async function ask(question, asked) {
  let answer;
  try {
    const response = await fetch('/ask/' + question, { method: 'POST', headers: { 'X-Token': token, 'Content-Type': 'application/json' }, body: JSON.stringify(asked) });
    answer = response.ok ? await response.json() : { error: await response.text() };
  } catch {
    answer = { error: 'Servern svarar inte: kör «naravard measure form» igen och öppna den nya adressen.' };
  }
  return answer;
}

function make(tag, text, attributes) {
  const made = document.createElement(tag);
  made.textContent = text || '';
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  return made;
}

function kind() { return $('source').selectedOptions[0].dataset.kind; }

function origin() {
  const text = id => $(id).value.trim();
  if (kind() === 'files') return { ...Object.fromEntries(all('[data-origin]').map(e => [e.id, e.value.trim()])), sexes: $('sexes').value === 'ja' };
  if (kind() === 'derived') {
    return $('made').value === 'ratio' ? { numerator: text('numerator'), denominator: text('denominator'), per: text('per') }
      : { combine: $('made').value, parts: text('parts').split(/[\s,]+/).filter(Boolean) };
  }
  const chosen = all('#choices select').filter(e => e.value !== '?').map(e => [e.dataset.dimension, e.value]);
  return { code: text('code'), choose: Object.fromEntries(chosen) };
}

function typed() {
  const values = {};
  for (const field of all('[data-field]')) {
    const name = field.dataset.field;
    if (name === 'measure_id') continue;
    values[name] = field.matches('fieldset') ? [...field.querySelectorAll('input:checked')].map(e => e.value) : $(name).value.trim();
  }
  return values;
}

function fill(values) {
  for (const field of all('[data-field]')) {
    const name = field.dataset.field, value = values[name];
    if (name === 'measure_id' || value === undefined) continue;
    if (field.matches('fieldset')) field.querySelectorAll('input').forEach(e => { e.checked = value.includes(e.value); });
    else $(name).value = value;
  }
}

function whole() {
  if ($('edited').value) return { edited: $('edited').value, typed: typed() };
  return { source: $('source').value, origin: origin(), typed: typed(), measure_id: $('measure_id').value.trim() };
}

function showProblems(problems, names) {
  for (const field of all('[data-field]')) {
    const own = problems.filter(p => p.field === field.dataset.field).map(p => p.text);
    $(field.dataset.field + '-error').textContent = names ? own.join('\n') : '';
    const control = field.matches('fieldset') ? field : field.querySelector('input, select, textarea');
    if (names && own.length && field.closest('details')) field.closest('details').open = true;
    if (names && own.length) control.setAttribute('aria-invalid', 'true'); else control.removeAttribute('aria-invalid');
  }
  $('origin-error').textContent = problems.filter(p => p.field === 'origin').map(p => p.text).join('\n');
}

function listProblems(problems) {
  const list = make('ul');
  for (const problem of problems) {
    const item = make('li'), field = document.querySelector('[data-field="' + problem.field + '"]');
    const label = field && field.querySelector('label, legend').firstChild.textContent.trim();
    const link = make('a', (label ? label + ': ' : '') + problem.text, { href: '#' });
    link.addEventListener('click', event => {
      event.preventDefault();
      const control = field ? field.querySelector('input, select, textarea') : $('code');
      control.focus();
    });
    item.append(link);
    list.append(item);
  }
  $('problems').replaceChildren(make('p', 'Inget sparades. Rätta detta:'), list);
  $('problems').focus();
}

let waiting;
function changed() { clearTimeout(waiting); waiting = setTimeout(check, 600); }

async function check() {
  const mine = ++number, answer = await ask('check', whole());
  if (mine !== number) return;  // something was typed since
  if (answer.error) { ($('edited').value ? $('there') : $('origin-error')).replaceChildren(answer.error); return; }
  $('yaml').textContent = answer.yaml;
  if ($('edited').value) $('there').replaceChildren(...[...breaks, ...answer.told].map(text => make('li', text)));
  $('path').textContent = answer.path ? answer.path + (answer.is_there ? ' (finns redan)' : '') : '';
  $('overwrite-label').hidden = !answer.is_there;
  if (!$('measure_id').value) $('measure_id').placeholder = answer.measure_id;
  // What is empty is told only once somebody has tried to save; what is wrong at once.
  showProblems(named ? answer.problems : answer.problems.filter(p => p.text !== 'Måste fyllas i.'), true);
}

async function find() {
  $('found').replaceChildren(make('li', 'Söker …'));
  const answer = await ask('find', { source: $('source').value, words: $('words').value });
  if (answer.error) { $('found').replaceChildren(make('li', answer.error, { class: 'error' })); return; }
  $('found').replaceChildren(...answer.entries.map(entry => {
    const item = make('li'), button = make('button', entry.code + '  ' + entry.title, { type: 'button' });
    const facts = entry.facts + (entry.successor ? '; efterträds kanske av ' + entry.successor : '');
    button.append(make('span', facts, { class: entry.is_retired ? 'facts retired' : 'facts' }));
    button.addEventListener('click', () => choose(entry.code));
    item.append(button);
    return item;
  }));
  if (!answer.entries.length) $('found').replaceChildren(make('li', 'Inget hittades; försök med andra eller färre ord.'));
}

async function choose(code) {
  $('code').value = code;
  $('found').replaceChildren();
  await readChoices();
  if (!all('#choices select').some(e => e.value === '?')) propose(); else document.querySelector('#choices select').focus();
}

async function readChoices() {
  $('choices').replaceChildren();
  $('origin-error').textContent = '';
  if (kind() === 'kolada' || !$('code').value.trim()) return;
  const answer = await ask('choices', { source: $('source').value, code: $('code').value.trim() });
  if (answer.error) { $('origin-error').textContent = answer.error; return; }
  $('choices').replaceChildren(...answer.choices.map((choice, at) => {
    const field = make('div', '', { class: 'field' }), select = make('select', '', { id: 'choice-' + at, 'data-dimension': choice.dimension });
    if (choice.default === null) select.append(make('option', 'välj', { value: '?' }));
    for (const [code, text] of choice.options) select.append(make('option', text === code ? text : text + ' (' + code + ')', { value: code }));
    if (choice.default !== null) select.value = choice.default;
    field.append(make('label', choice.text, { for: 'choice-' + at }), select);
    return field;
  }));
}

async function propose() {
  const button = $('propose');
  button.disabled = true;
  $('told').replaceChildren(make('li', 'Hämtar siffror från källan …'));
  $('origin-error').textContent = '';
  const answer = await ask('propose', { source: $('source').value, origin: origin() });
  button.disabled = false;
  if (answer.error) { $('told').replaceChildren(); $('origin-error').textContent = answer.error; return; }
  $('told').replaceChildren(...answer.told.map(text => make('li', text)));
  for (const note of all('.note')) note.textContent = answer.notes[note.id.replace(/-note$/, '').split('.')[0]] || '';
  fill(answer.typed);
  if (answer.measure_id) $('measure_id').value = answer.measure_id;
  check();
}

// A measure that is there: its fields as they are, and only what is changed is written.
async function open() {
  const edited = $('edited').value;
  number++;
  for (const part of [$('origin'), document.querySelector('[data-field=measure_id]')]) part.hidden = !!edited;
  $('title').textContent = edited ? 'Ändra ett mått' : 'Nytt mått';
  $('lead').hidden = !!edited;
  $('save').textContent = edited ? 'Spara ändringarna' : 'Spara måttet';
  breaks = [];
  named = false;
  for (const note of [...all('.note'), $('outcome'), $('there'), $('problems'), $('yaml'), $('path')]) note.replaceChildren();
  $('form').reset();
  for (const part of all('form details')) part.open = false;
  $('edited').value = edited;
  showKind();
  showProblems([], true);
  $('overwrite-label').hidden = true;
  if (!edited) return;
  const answer = await ask('open', { edited });
  if (answer.error) { $('there').replaceChildren(make('li', answer.error, { class: 'error' })); return; }
  breaks = answer.told;
  fill(answer.typed);
  for (const part of all('form details')) part.open = true;
  check();
}

function showKind() {
  for (const part of all('[data-kinds]')) part.hidden = !part.dataset.kinds.split(' ').includes(kind());
  for (const part of all('[data-made]')) part.hidden = !part.dataset.made.split(' ').includes($('made').value);
}

$('source').addEventListener('change', () => { $('found').replaceChildren(); $('choices').replaceChildren(); $('code').value = ''; showKind(); });
$('made').addEventListener('change', showKind);
$('edited').addEventListener('change', open);
$('find').addEventListener('click', find);
$('words').addEventListener('keydown', event => { if (event.key === 'Enter') { event.preventDefault(); find(); } });
$('code').addEventListener('change', readChoices);
$('propose').addEventListener('click', propose);
$('form').addEventListener('input', event => { if (event.target.closest('[data-field]')) changed(); });
$('form').addEventListener('submit', async event => {
  event.preventDefault();
  named = true;
  clearTimeout(waiting);
  number++;
  $('save').disabled = true;
  $('outcome').textContent = 'Kontrollerar …';
  const answer = await ask('save', { ...whole(), overwrite: $('overwrite').checked });
  $('save').disabled = false;
  if (answer.error) { $('outcome').textContent = ''; $('problems').replaceChildren(make('p', answer.error, { class: 'error' })); return; }
  if (answer.problems) { $('outcome').textContent = ''; showProblems(answer.problems, true); listProblems(answer.problems); await check(); return; }
  showProblems([], true);
  $('problems').replaceChildren();
  if (!answer.written.length) { $('outcome').textContent = 'Inget var ändrat.'; return; }
  $('outcome').textContent = 'Sparat: ' + answer.written.join(', ') + '. Härnäst: ' + answer.next;
  if ($('edited').value) await open(), $('outcome').textContent = 'Sparat: ' + answer.written.join(', ') + '. Härnäst: ' + answer.next;
});
showKind();
document.documentElement.dataset.ready = kind();
