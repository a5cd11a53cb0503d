import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newReply, type Reply } from '../src/chat/conversation';
import { paragraphs } from '../src/depth/paragraphs';
import { aligned, disagrees, histogramOf, percent, step, summarise, visible } from '../src/depth/statistics';
import type { Token } from '../src/server/types';

const token = (id: number, depth = 1): Token => ({ text: `t${id}`, id, depth });
const reply = (changes: Partial<Reply>): Reply => ({ ...newReply('nano', {}), state: 'done', ...changes });

test("the server's own account is believed", () => {
  const summary = summarise(reply({
    tokens: [token(1), token(2)], evalCount: 10, evalDuration: 2e9,
    depth: { mean: 1.5, loops: 4, histogram: [6, 3, 1, 0], passes: 13, rows: 40, drafts: 8, drafts_kept: 6 },
  }), 4);
  assert.equal(summary.tokens, 10);
  assert.equal(summary.tokensPerSecond, 5);
  assert.equal(summary.saved, 0.625);
  assert.equal(summary.passesPerToken, 1.3);
  assert.deepEqual(summary.histogram, [6, 3, 1, 0]);
});

test('of a reply that was stopped, the tokens tell what they can', () => {
  const summary = summarise(reply({ state: 'stopped', tokens: [token(1, 1), token(2, 3), token(3, 4), token(4, 4)], writingTime: 1000 }), 4);
  assert.equal(summary.meanDepth, 3);
  assert.equal(summary.saved, 0.25);
  assert.equal(summary.tokensPerSecond, 3);
  assert.equal(summary.passesPerToken, undefined);
  assert.deepEqual(summary.histogram, [1, 0, 1, 2]);
});

test('nothing is told about a reply without tokens', () => {
  const summary = summarise(reply({}), 4);
  assert.equal(summary.tokens, 0);
  assert.equal(summary.meanDepth, undefined);
  assert.equal(summary.saved, undefined);
  assert.equal(summary.tokensPerSecond, undefined);
});

test('a histogram counts every token once', () => {
  assert.deepEqual(histogramOf([token(1, 2), token(2, 2), token(3, 9)], 4), [0, 2, 0, 1]);
  assert.deepEqual(histogramOf([], 2), [0, 0]);
});

test('tokens find their traces by their ids', () => {
  const traced = (id: number) => ({ id, text: `t${id}`, depth: 1, exit_chance: [], said: [] });
  const found = aligned([token(1), token(2), token(2), token(9), token(4)], { loops: 1, tokens: [traced(0), traced(1), traced(2), traced(2), traced(4), traced(5)] });
  assert.deepEqual(found.map(one => one?.id), [1, 2, 2, undefined, 4]);
  assert.deepEqual(aligned([token(1)], { loops: 1, tokens: [] }), [undefined]);
});

test('loops disagree if one of them would have said something else', () => {
  const said = (text: string) => ({ text, probability: 1, top: [] });
  const traced = { id: 1, text: 'a', depth: 2, exit_chance: [0.5, 0.5], said: [said('a'), said('a')] };
  assert.equal(disagrees(traced), false);
  assert.equal(disagrees({ ...traced, said: [said('b'), said('a')] }), true);
});

test('the colour scale goes from one loop to all, and never back', () => {
  for (const loops of [2, 3, 4, 8, 12, 100]) {
    const steps = Array.from({ length: loops }, (_, at) => step(at + 1, loops));
    assert.equal(steps[0], 0);
    assert.equal(steps.at(-1), 8);
    assert.deepEqual(steps, [...steps].sort((one, other) => one - other));
  }
  assert.equal(step(1, 1), 8);
  assert.equal(step(99, 4), 8);
});

test('blanks can be seen, and shares can be read', () => {
  assert.equal(visible(' a b '), '␣a b␣');
  assert.equal(visible('\n'), '↵');
  assert.equal(visible(''), '·');
  assert.deepEqual([0, 0.001, 0.5, 0.999, 1].map(percent), ['0 %', '<1 %', '50 %', '>99 %', '100 %']);
});

test('paragraphs cover every token once, and a growing reply keeps those it has', () => {
  const tokens = Array.from({ length: 500 }, (_, at) => ({ ...token(at), text: at % 7 === 6 ? '.\n' : ' word' }));
  const whole = paragraphs(tokens);
  assert.deepEqual(whole.flatMap(({ from, to }) => tokens.slice(from, to)), tokens);
  assert.ok(whole.length > 10);
  for (let length = 0; length < 500; length += 13)
    assert.deepEqual(paragraphs(tokens.slice(0, length)).slice(0, -1), whole.slice(0, Math.max(0, paragraphs(tokens.slice(0, length)).length - 1)));
  assert.deepEqual(paragraphs([]), []);
});
