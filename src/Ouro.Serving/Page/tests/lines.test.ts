import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lines } from '../src/server/lines';
import { readLine, ServerError } from '../src/server/reply';

const bytes = new TextEncoder();

function streamOf(chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      chunks.forEach(chunk => controller.enqueue(chunk));
      controller.close();
    },
  });
}

async function collect(chunks: Uint8Array[]): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines(streamOf(chunks))) found.push(line);
  return found;
}

test('a stream gives the same lines wherever it is cut', async () => {
  const whole = bytes.encode('{"a":"ä€😀"}\n\n{"b":2}\r\n{"c":"no end"}');
  const expected = await collect([whole]);
  assert.equal(expected.length, 3);
  assert.deepEqual(expected.map(line => Object.keys(JSON.parse(line))[0]), ['a', 'b', 'c']);
  for (let cut = 0; cut <= whole.length; cut++)
    assert.deepEqual(await collect([whole.slice(0, cut), whole.slice(cut)]), expected, `cut at ${cut}`);
  assert.deepEqual(await collect([...whole].map(byte => Uint8Array.of(byte))), expected);
});

test('leaving early closes the stream', async () => {
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    pull: controller => controller.enqueue(bytes.encode('{}\n')),
    cancel: () => { cancelled = true; },
  });
  for await (const line of lines(stream)) {
    assert.equal(line, '{}');
    break;
  }
  assert.ok(cancelled);
});

test('an error in a line becomes its sentence', () => {
  assert.throws(() => readLine('{"error":"The file is gone."}'), new ServerError('The file is gone.'));
  assert.throws(() => readLine('{"error":{"message":"Too long."}}'), new ServerError('Too long.'));
  for (const bad of ['', '<html>', '[]', '7', 'null', '{"error":7}']) assert.throws(() => readLine(bad), ServerError);
});

test('what is missing or of the wrong kind becomes empty', () => {
  const empty = { content: '', thinking: '', tokens: [], done: false };
  for (const line of ['{}', '{"message":7,"tokens":{}}', '{"message":{"content":7,"thinking":null}}', '{"done":"yes"}'])
    assert.deepEqual(readLine(line), empty);
  const last = readLine('{"done":true,"eval_count":"many","depth":{"histogram":["x"]},"token_ids":[1,"2"]}');
  assert.equal(last.eval_count, undefined);
  assert.deepEqual(last.depth?.histogram, []);
  assert.equal(last.token_ids, undefined);
});

test('a line brings its tokens with depths from one', () => {
  const line = readLine('{"message":{"content":"ab"},"tokens":[{"text":"a","id":5,"depth":3},{"text":"b","id":6,"depth":0,"thinking":true},7]}');
  assert.deepEqual(line.tokens, [{ text: 'a', id: 5, depth: 3 }, { text: 'b', id: 6, depth: 1, thinking: true }]);
});
