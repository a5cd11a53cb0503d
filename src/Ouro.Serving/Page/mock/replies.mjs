// What the mock says to what; "help" lists the words it knows.

const code = `Here is a loop in **Python**:

\`\`\`python
# the same layers, several times
def read(token, layers, loops=4):
    state = embed(token)
    for loop in range(loops):
        for layer in layers:
            state = layer(state)
        if gate(state) > 0.5:  # ready?
            break
    return head(state), "read after", loop + 1
\`\`\`

It is the *same* \`layers\` each time. In a table:

| loop | chance | so far |
| ---: | :----: | --- |
| 1 | 40 % | 40 % |
| 2 | 35 % | 75 % |

1. first the gate,
2. then the head:
   - one number,
   - one choice.

> What is said three times is true.

See [the paper](https://example.org/looped) for more.`;

const nasty = `<img src=x onerror="document.title='broken'"> and <script>document.title='broken'</script>

[a link](javascript:document.title='broken') [another](data:text/html;base64,PHNjcmlwdD4=) [fine](https://example.org)

![picture](http://example.org/pixel.png "x") <svg onload=alert(1)> <a href="javascript:alert(1)">x</a>

| a |
| --- |
| <iframe src="javascript:alert(1)"> |

\`\`\`"><img src=x onerror=alert(1)>
</code></pre><script>alert(1)</script>`;

const rightToLeft = `שלום עולם! זה *משפט* עם code באמצע.

مرحبا بالعالم 123.

And \u202Ethis is written backwards\u202C again.

- פריט ראשון
- item`;

const words = {
  help: { text: 'I know these words: code, long, fast, nasty, rtl, wide, fence, think, error, midway, broken, slow, empty.' },
  code: { text: code },
  long: { text: Array.from({ length: 60 }, (_, at) => `${at + 1}. Paragraph ${at + 1} goes round the loop once more and says *little* that is new.\n\n`).join(''), rate: 120 },
  fast: { text: Array.from({ length: 500 }, (_, at) => `Line ${at + 1} is **quick** and full of words. ${at % 9 === 8 ? '\n\n' : ''}`).join(''), rate: 500 },
  nasty: { text: nasty },
  rtl: { text: rightToLeft },
  wide: { text: `${'x'.repeat(6000)}\n\n\`\`\`\n${'y'.repeat(6000)}\n\`\`\`` , rate: 400 },
  fence: { text: 'An open fence:\n\n```js\nconst never = "closed' },
  think: {
    thinking: 'The question wants the primes below 30. Those are 2, 3, 5, 7, 11, 13, 17, 19, 23 and 29.\n\nThat makes ten. Let me count again: 2, 3, 5, 7 are four; 11, 13, 17, 19 are eight; 23, 29 are ten.',
    text: 'There are **ten** primes below 30: 2, 3, 5, 7, 11, 13, 17, 19, 23 and 29.',
  },
  error: { status: 503, error: 'The queue is full: 512 requests wait already; try again in a moment.' },
  midway: { text: 'This answer begins well, and then', breaksWith: 'The numbers of this text are no longer finite after token 9; lower the exit threshold or use another file.' },
  broken: { text: 'This answer loses its', breaksWith: '' },
  slow: { text: 'That took a while.', delay: 4000 },
  empty: { text: '' },
};

/** The reply to a question, by the first known word in it. */
export function replyTo(question, body) {
  const known = Object.keys(words).find(word => new RegExp(`\\b${word}\\b`, 'i').test(question));
  const reply = known ? words[known] : { text: plain(question) };
  const thinks = reply.thinking !== undefined || (body.model.includes('thinking') && body.think !== false);
  return { ...reply, thinking: thinks ? reply.thinking ?? words.think.thinking : undefined };
}

function plain(question) {
  const digits = /sort (\d+)/i.exec(question)?.[1];
  if (digits) return `${[...digits].sort().join('')}.`;
  const sum = /(\d+) *\+ *(\d+)/.exec(question);
  if (sum) return `${sum[1]} + ${sum[2]} = ${Number(sum[1]) + Number(sum[2])}.`;
  return `You asked: ${question.slice(0, 200)} The sky is blue because short waves of light are scattered more than long ones, so that from every side the eye is met by what the air has turned away.`;
}

/** Pieces like a tokenizer's, each with a depth that depends on its text alone and that the settings bound. */
export function tokensOf(reply, loops, threshold) {
  const cut = (text, thinking) => (text.match(/ ?[\p{L}]{1,6}|\d| ?[^\s\p{L}\d]|\s/gu) ?? []).map(piece => ({
    text: piece, id: idOf(piece), depth: depthOf(piece, loops, threshold), ...(thinking ? { thinking: true } : {}),
  }));
  return [...cut(reply.thinking ?? '', true), ...cut(reply.text, false)];
}

const pieces = new Map();
export const textOf = id => pieces.get(id) ?? '?';

function idOf(piece) {
  let id = 7;
  for (const character of piece) id = (id * 31 + character.codePointAt(0)) % 49152;
  pieces.set(id, piece);
  return id;
}

function depthOf(piece, loops, threshold) {
  if (threshold >= 1) return loops;
  const hard = ((idOf(piece) * 7919) % 97) / 97;
  return Math.min(loops, Math.max(1, Math.ceil(loops * hard * hard * (0.5 + threshold))));
}
