// The chat page as a person meets it, in Chromium: against the server at OURO_URL, which has the model 'nano'.
// Where the server's answer is to be of a certain kind, the page gets it from here instead; everything else is the real thing.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { chromium } from 'playwright-core';

const url = process.env.OURO_URL;
const pictures = process.env.OURO_PICTURES;    // a folder for screenshots; none are made without it
const answer = 'I am ouro-nano, a small looped model.';

let browser, context, page, problems;

before(async () => { browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] }); });
after(() => browser?.close());
beforeEach(() => open());
afterEach(async () => {
  await context.close();
  assert.deepEqual(problems, [], 'the page complained');
});

/** A window without a past. */
async function open(settings = {}) {
  await context?.close();
  context = await browser.newContext({ viewport: { width: 1200, height: 800 }, locale: 'en-GB', ...settings });
  page = await context.newPage();
  page.setDefaultTimeout(20_000);
  problems = [];
  page.on('pageerror', error => problems.push(String(error)));
  page.on('console', message => { if (message.type() === 'error') problems.push(message.text()); });
  await page.goto(url);
  await page.locator('select.picker option').first().waitFor({ state: 'attached' });
}

const question = () => page.getByLabel('Your question');
const lastReply = () => page.locator('.reply').last();

async function ask(text) {
  await question().fill(text);
  await question().press('Enter');
}

/** Temperature 0, so that the small model says what is known of it. */
async function choose(name, value) {
  await page.getByTitle('Settings', { exact: true }).click();
  await page.locator(`#setting-${name}`).fill(String(value));
  await page.getByLabel('Close the settings').click();
}

/** Lets the page have these lines as the answer to its next questions. */
const answerWith = lines => page.route('**/api/chat', route => route.fulfill({
  contentType: 'application/x-ndjson',
  body: [...lines, { message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', eval_count: lines.length }]
    .map(line => JSON.stringify({ model: 'nano', created_at: '2026-01-01T00:00:00Z', done: false, ...line }) + '\n').join(''),
}));

const says = content => ({ message: { role: 'assistant', content } });

async function picture(name) {
  if (!pictures) return;
  await page.waitForTimeout(400);
  await page.screenshot({ path: `${pictures}/${name}.png` });
}

test('the page comes with a strict policy and asks nobody but its server', async () => {
  const asked = [];
  page.on('request', request => asked.push(new URL(request.url()).origin));
  const response = await page.reload();
  await page.getByRole('heading', { name: 'Ask, and see how deep it goes' }).waitFor();
  assert.match(response.headers()['content-security-policy'], /default-src 'none'/);
  assert.deepEqual([...new Set(asked)], [new URL(url).origin]);
});

test('a question is answered, with the number of loops below it', async () => {
  await choose('temperature', 0);
  await ask('Who are you?');
  await page.getByText(answer, { exact: true }).waitFor();
  await lastReply().getByText(/loops/).first().waitFor();
});

test('every token has the colour of its depth, and a card that says what each loop would have said', async () => {
  await choose('temperature', 0);
  await page.getByRole('button', { name: 'Depth' }).click();
  await ask('Who are you?');
  await lastReply().getByLabel('Answer again').waitFor();
  const tokens = lastReply().locator('.depth-text .token');
  assert.equal(await tokens.count(), 11);
  assert.equal((await tokens.allTextContents()).join(''), answer);
  const colours = await tokens.evaluateAll(all => all.map(token => getComputedStyle(token).backgroundColor));
  assert.ok(new Set(colours).size > 1, 'one colour for all depths');
  await tokens.first().click();
  await page.getByRole('button', { name: 'What would it have said earlier?' }).click();
  await page.locator('.card table.loops tbody tr').nth(3).waitFor();
  assert.equal(await page.locator('.card tr.read').count(), 1);
  await picture('depth-light');
});

test('sliders reach the model', async () => {
  const asked = [];
  page.on('request', request => { if (request.url().endsWith('/api/chat')) asked.push(request.postDataJSON()); });
  await choose('num_iterations', 1);
  await choose('temperature', 0);
  await ask('Who are you?');
  await lastReply().getByLabel('Answer again').waitFor();
  assert.equal(asked[0].options.num_iterations, 1);
  assert.equal(asked[0].options.temperature, 0);
  await lastReply().getByText(/1(\.0+)? of 1/).or(lastReply().getByText(/1(\.0+)? loop/)).first().waitFor();
});

test('the stop button ends an answer, and what was said stays', async () => {
  await page.route('**/api/chat', () => {});     // an answer that never comes
  await ask('Count to a million.');
  await page.getByRole('button', { name: 'Stop' }).click();
  await lastReply().getByText('Stopped.').waitFor();
  await page.getByRole('button', { name: 'Send' }).waitFor();
});

test('keys do what they say: lines, sending, editing, stopping, a new chat', async () => {
  await question().fill('Who');
  await question().press('Shift+Enter');
  await question().pressSequentially('are you?');
  assert.equal(await question().inputValue(), 'Who\nare you?');
  await question().press('Enter');
  await lastReply().getByLabel('Answer again').waitFor();
  await question().press('ArrowUp');
  const edit = page.getByLabel('The question', { exact: true });
  await edit.fill('Who are you?');
  await edit.press('Enter');
  await page.locator('.bubble', { hasText: /^Who are you\?$/ }).waitFor();
  await lastReply().getByLabel('Answer again').waitFor();
  await page.route('**/api/chat', () => {});
  await ask('And then?');
  await page.keyboard.press('Escape');
  await lastReply().getByText('Stopped.').waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('heading', { name: 'Ask, and see how deep it goes' }).waitFor();
});

test('chats outlive a reload; a deleted one can come back', async () => {
  await choose('temperature', 0);
  await ask('Who are you?');
  await page.getByText(answer, { exact: true }).waitFor();
  await lastReply().getByLabel('Answer again').waitFor();    // a chat is kept when its answer has ended
  await page.reload();
  await page.locator('.entry', { hasText: 'Who are you?' }).click();
  await page.getByText(answer, { exact: true }).waitFor();
  await page.getByTitle('Delete').first().click();
  await page.getByText(/Deleted/).waitFor();
  assert.equal(await page.locator('.entry', { hasText: 'Who are you?' }).count(), 0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.locator('.entry', { hasText: 'Who are you?' }).waitFor();
});

test('an answer is Markdown, and harmless whatever it is', async () => {
  await answerWith([
    says('# Head\n\n```js\nlet a = 1;\n```\n\n<img src=x onerror="window.hurt = 1"><script>window.hurt = 2</script>\n\n'),
    says('[a link](javascript:window.hurt=3) ![a picture](http://127.0.0.1:9/x.png) **bold**'),
  ]);
  await ask('Show me.');
  await lastReply().locator('pre code').waitFor();
  assert.equal(await lastReply().locator('strong').textContent(), 'bold');
  assert.equal(await lastReply().locator('img, script, iframe').count(), 0);
  for (const href of await lastReply().locator('a').evaluateAll(links => links.map(link => link.href)))
    assert.match(href, /^https?:/);
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  await lastReply().getByLabel(/Copy/).first().waitFor();
});

test('thoughts are folded once the answer begins', async () => {
  await answerWith([{ message: { role: 'assistant', content: '', thinking: 'Let me see: it is four.' } }, says('Four.')]);
  await ask('Two and two?');
  await page.getByText('Four.', { exact: true }).waitFor();
  assert.equal(await page.getByText('Let me see').count(), 0);
  await page.getByText('Thoughts').click();
  await page.getByText('Let me see: it is four.').waitFor();
});

test('an error of the server is shown as it says it, and the question can be asked again', async () => {
  await page.route('**/api/chat', route => route.fulfill({ status: 503, contentType: 'application/json', body: '{"error":"too many wait already; come again in a moment"}' }));
  await ask('Who are you?');
  await page.getByRole('alert').getByText(/too many wait already/).waitFor();
  await page.unroute('**/api/chat');
  await page.getByRole('button', { name: 'Try again' }).click();
  await lastReply().getByLabel('Answer again').waitFor();
  problems = problems.filter(problem => !problem.includes('503'));    // the browser's own line about it
});

test('light and dark follow the system until a person chooses, and the choice stays', async () => {
  const shade = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor.match(/[\d.]+/g).slice(0, 3).map(Number).reduce((sum, part) => sum + part, 0));
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await shade();
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await shade();
  assert.ok(light > dark + 200, `light ${light}, dark ${dark}`);
  await page.getByTitle('Theme').click();      // light
  await page.getByTitle('Theme').click();      // dark
  assert.equal(await shade(), dark);
  await page.reload();
  assert.equal(await shade(), dark);
  await choose('temperature', 0);
  await page.getByRole('button', { name: 'Depth' }).click();
  for (const text of ['Who are you?', 'Sort 52814.']) {
    await ask(text);
    await lastReply().getByLabel('Answer again').waitFor();
  }
  await page.getByTitle('Settings', { exact: true }).click();
  await picture('settings-dark');
});

test('on a phone nothing is wider than the screen, and the chats are behind a button', async () => {
  await open({ viewport: { width: 390, height: 640 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
  const tooWide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(await tooWide() <= 0);
  await page.getByRole('button', { name: 'Depth' }).click();
  for (const text of ['Who are you?', 'Sort 52814.', 'Reverse a b c.']) {
    await ask(text);
    await lastReply().getByLabel('Answer again').waitFor();
  }
  assert.ok(await tooWide() <= 0);
  await picture('phone');
  assert.equal(await page.locator('.sidebar.open').count(), 0);
  await page.getByRole('button', { name: 'Chats', exact: true }).click();
  await page.locator('.sidebar.open').getByTitle('New chat (Ctrl+K)').click();
  await page.getByRole('heading', { name: 'Ask, and see how deep it goes' }).waitFor();
  await page.getByTitle('Settings', { exact: true }).click();
  assert.ok(await tooWide() <= 0);
});

test('everything can be reached and read by those who do not see it', async () => {
  await ask('Who are you?');
  await lastReply().getByLabel('Answer again').waitFor();
  await page.getByTitle('Settings', { exact: true }).click();
  const nameless = await page.evaluate(() => [...document.querySelectorAll('button, input, textarea, select')]
    .filter(element => !(element.getAttribute('aria-label') || element.labels?.length || element.textContent.trim() || element.title)).map(element => element.outerHTML));
  assert.deepEqual(nameless, []);
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  assert.match(await page.locator('[role=status][aria-live=polite]').textContent(), /^Answer: /);
});
