import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ComponentChildren, VNode } from 'preact';
import { Blocks } from '../src/markdown/blocks';
import { highlight } from '../src/markdown/highlight';
import { isHarmless, render } from '../src/markdown/render';

/** Everything that a piece of Markdown became: elements by name with their attributes, and the text between them. */
function flat(children: ComponentChildren, found: { elements: [string, Record<string, unknown>][]; text: string } = { elements: [], text: '' }) {
  if (Array.isArray(children)) children.forEach(child => flat(child, found));
  else if (typeof children === 'string' || typeof children === 'number') found.text += children;
  else if (children && typeof children === 'object') {
    const node = children as VNode<Record<string, unknown>>;
    if (typeof node.type === 'string') found.elements.push([node.type, node.props]);
    if (typeof node.props.code === 'string') found.text += node.props.code;
    flat(node.props.children as ComponentChildren, found);
  }
  return found;
}

const hostile = [
  '<img src=x onerror=alert(1)>', '<script>alert(1)</script>', '<svg/onload=alert(1)>', '<iframe src="javascript:alert(1)"></iframe>',
  '[x](javascript:alert(1))', '[x](JaVaScRiPt:alert(1))', '[x](java\tscript:alert(1))', '[x](&#106;avascript:alert(1))', '[x](data:text/html,hi)', '[x](vbscript:x)', '[x](//host/path)',
  '![x](http://example.org/pixel.png)', '![x](javascript:alert(1))', '<javascript:alert(1)>', '| <b onclick=x> |\n| --- |\n| <style>*{}</style> |',
  '```"><img src=x onerror=alert(1)>\n</code><script>x</script>', '# <u>x</u>', '- <details open ontoggle=alert(1)>',
  `${'> '.repeat(3000)}deep`, '['.repeat(20000), '*a **b '.repeat(5000), '`'.repeat(9999), `${'- '.repeat(2000)}x`,
];

test('hostile Markdown becomes harmless elements only', () => {
  const allowed = new Set(['p', 'h1', 'h2', 'h3', 'ul', 'ol', 'li', 'blockquote', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'em', 'strong', 's', 'a', 'code', 'br', 'hr', 'div']);
  for (const source of hostile) {
    for (const [name, props] of flat(render(source)).elements) {
      assert.ok(allowed.has(name), `<${name}> from ${source.slice(0, 60)}`);
      assert.ok(!('dangerouslySetInnerHTML' in props));
      for (const attribute of Object.keys(props)) assert.match(attribute, /^(children|class|dir|start|href|target|rel)$/);
      if (name === 'a') assert.match(String(props.href), /^(https?|mailto):/);
    }
  }
});

test('HTML in an answer is shown as it was written', () => {
  const text = '<img src=x onerror=alert(1)> & <b>bold</b>';
  assert.equal(flat(render(text)).text, text);
});

test('an answer that is a number with a full stop is seen', () => {
  for (const text of ['12458.', '7)', '12458.\n']) {
    assert.equal(flat(render(text)).text, text.trim());
    assert.deepEqual(flat(render(text)).elements.map(element => element[0]), ['p']);
  }
  assert.deepEqual(flat(render('1. one\n2. two')).elements.map(element => element[0]), ['ol', 'li', 'li']);
});

test('only addresses of the web and of mail are followed', () => {
  for (const good of ['https://example.org', 'http://a/b?c', 'mailto:a@b.example']) assert.ok(isHarmless(good), good);
  for (const bad of ['javascript:x', ' javascript:x', 'data:x', 'file:///x', 'blob:x', '/path', '', 'http://']) assert.ok(!isHarmless(bad), bad);
});

const documents = [
  'One.\n\nTwo *three*.\n\n- a\n- b\n\n  still b\n\n1. x\n\n2. y\n\n```js\nlet a = 1\n\n\nlet b\n```\n\nEnd.',
  'Title\n=====\n\ntext\n---\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n> quote\n> more\n\n    indented\n\n    code\n\nlast',
  '```\nnever closed\n\n# not a heading', '\r\n\r\na\r\n\r\nb\r\n', '\n\n\n', '', '12458.', 'So:\n\n12458.\n\n1. a\n2.\n3. c',
];

test('an answer that grows is cut into pieces that joined give it again', () => {
  for (const document of documents) {
    const blocks = new Blocks();
    for (let length = 0; length <= document.length; length++)
      assert.equal(blocks.of(document.slice(0, length)).join(''), document.slice(0, length));
  }
});

test('what a growing answer shows in the end is what it would have shown at once', () => {
  for (const document of documents) {
    const blocks = new Blocks();
    for (let length = 0; length < document.length; length++) blocks.of(document.slice(0, length));
    const [pieces, whole] = [flat(blocks.of(document).map(piece => render(piece))), flat(render(document))];
    assert.equal(pieces.text, whole.text);
    assert.deepEqual(pieces.elements.map(element => element[0]), whole.elements.map(element => element[0]));
  }
});

test('a settled piece is not parsed again', () => {
  const blocks = new Blocks();
  const first = blocks.of('one\n\ntwo\n\nthree\n\nfour')[0];
  assert.equal(first, 'one\n\n');
  assert.deepEqual(blocks.of('one\n\ntwo\n\nthree\n\nfour and five'), ['one\n\n', 'two\n\n', 'three\n\nfour and five']);
  assert.deepEqual(blocks.of('another text'), ['another text']);
});

test('coloured code is the code', () => {
  const codes = ['def f(x): # why\n  return "a\\"b" + 1.5', "let s = 'open", '/* open', 'SELECT a -- b', '"""doc', '`a${b}`', '\\', '\u202Ex', ''];
  for (const code of codes)
    for (const language of ['python', 'js', 'sql', 'bash', 'json', 'constructor', '__proto__', 'what', ''])
      assert.equal(highlight(code, language).map(piece => piece.text).join(''), code);
  assert.deepEqual(highlight('return 1 # x', 'python').filter(piece => piece.kind !== 'plain').map(piece => piece.kind), ['word', 'number', 'comment']);
});
