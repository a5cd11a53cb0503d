import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messagesFor, newChat, newReply, titleOf, withEdit, withLines, withQuestion, withReply, withTurn } from '../src/chat/conversation';
import { chatOf } from '../src/chat/storage';
import { defaultOf, parametersOf, settingsFor } from '../src/settings/settings';

const answered = () => {
  let chat = withQuestion({ ...newChat('nano'), system: 'Be brief.' }, 'One?');
  chat = withTurn(chat, chat.turns[0]!.id, turn => withReply(turn, { ...newReply('nano', {}), state: 'done', content: '1', thinking: 'hm' }));
  return withQuestion(chat, 'Two?');
};

test('a request holds what was said before its question, and nothing after it', () => {
  const chat = answered();
  const [system, one, reply, two] = [
    { role: 'system', content: 'Be brief.' }, { role: 'user', content: 'One?' }, { role: 'assistant', content: '1', thinking: 'hm' }, { role: 'user', content: 'Two?' },
  ];
  assert.deepEqual(messagesFor(chat, chat.turns[1]!.id), [system, one, reply, two]);
  assert.deepEqual(messagesFor(chat, chat.turns[0]!.id), [system, one]);
});

test('a question put differently takes the place of all that followed', () => {
  const chat = answered();
  const edited = withEdit(chat, chat.turns[0]!.id, 'Uno?');
  assert.deepEqual(edited.turns.map(turn => [turn.text, turn.replies.length]), [['Uno?', 0]]);
  assert.equal(edited.title, 'Uno?');
  assert.equal(withEdit(chat, 'unknown', 'x'), chat);
});

test('the answer shown last is the one the chat goes on from', () => {
  const chat = answered();
  const again = withTurn(chat, chat.turns[0]!.id, turn => withReply(turn, { ...newReply('nano', {}), state: 'done', content: 'uno' }));
  assert.equal(messagesFor(again, again.turns[1]!.id)[2]!.content, 'uno');
  const back = withTurn(again, again.turns[0]!.id, turn => ({ ...turn, shown: 0 }));
  assert.equal(messagesFor(back, back.turns[1]!.id)[2]!.content, '1');
});

test('lines joined give the reply', () => {
  const line = (content: string, thinking = '') => ({ content, thinking, tokens: [{ text: content + thinking, id: 1, depth: 2 }], done: false });
  let reply = withLines(newReply('nano', {}), [line('', 'hm'), line('a')], 10);
  assert.equal(reply.state, 'writing');
  reply = withLines(reply, [line('b'), { content: '', thinking: '', tokens: [], done: true, done_reason: 'length', eval_count: 3 }], 20);
  assert.deepEqual([reply.state, reply.thinking, reply.content, reply.tokens.length, reply.doneReason, reply.evalCount], ['done', 'hm', 'ab', 3, 'length', 3]);
});

test('a kept chat comes back, and an answer that was under way counts as stopped', () => {
  const chat = answered();
  const open = withTurn(chat, chat.turns[1]!.id, turn => withReply(turn, { ...newReply('nano', {}), state: 'writing', content: 'so f' }));
  const back = chatOf(JSON.stringify(open))!;
  assert.equal(back.turns[1]!.replies[0]!.state, 'stopped');
  assert.deepEqual(chatOf(JSON.stringify(chat)), chat);
});

test('what is no chat is not shown', () => {
  for (const text of [null, '', '{', '7', '[]', '{}', '{"id":1,"turns":[]}', '{"id":"a"}']) assert.equal(chatOf(text), null);
  assert.deepEqual(chatOf('{"id":"a","turns":[7,{"id":"t","text":"x","replies":[{}]}]}')?.turns, []);
});

test('a title is the beginning of the question', () => {
  assert.equal(titleOf('  Sort\n 52814. '), 'Sort 52814.');
  assert.ok(titleOf('word '.repeat(40)).length <= 49);
  assert.ok(titleOf('x'.repeat(400)).length <= 49);
});

test("a model's own settings come from its parameters, then from its file, then from what is usual", () => {
  const setting = (name: string) => settingsFor(4).flatMap(group => group.settings).find(one => one.name === name)!;
  const model = { parameters: 'temperature 0.6\nstop "<|im_end|>"\nPARAMETER top_k 12\nnum_predict -1', model_info: { 'ouro.early_exit.threshold': 0.3 } };
  assert.equal(defaultOf(setting('temperature'), model), 0.6);
  assert.equal(defaultOf(setting('top_k'), model), 12);
  assert.equal(defaultOf(setting('exit_threshold'), model), 0.3);
  assert.equal(defaultOf(setting('exit_threshold'), undefined), 1);
  assert.equal(defaultOf(setting('num_iterations'), model), 4);
  assert.equal(defaultOf(setting('num_predict'), model), '');
  assert.equal(defaultOf(setting('kv_policy'), { parameters: 'kv_policy last-exited' }), 'last-exited');
  assert.equal(parametersOf(undefined).size, 0);
});
