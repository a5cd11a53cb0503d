import { Fragment, h, type ComponentChildren, type VNode } from 'preact';
import { markdown } from './blocks';
import { CodeBlock } from './CodeBlock';

type Tokens = ReturnType<typeof markdown.parse>;

/** What may become an element. Everything else that Markdown could bring forth is shown as its text. */
const elements = new Set(['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'li', 'blockquote', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'em', 'strong', 's']);

/**
 * Markdown as elements. No string is ever read as HTML, by us or by the browser: the parser's tokens become virtual elements
 * from a fixed list, text becomes text nodes, and links are checked, so an answer cannot bring a script, a style or a request.
 */
export function render(source: string): ComponentChildren {
  return children(markdown.parse(source, {}), { at: 0 });
}

/** Elements for the tokens from `place.at` to the end, or to the one that closes the element they are in. */
function children(tokens: Tokens, place: { at: number }): ComponentChildren[] {
  const made: ComponentChildren[] = [];
  while (place.at < tokens.length) {
    const token = tokens[place.at++]!;
    if (token.nesting < 0) break;
    if (token.nesting === 0) made.push(leaf(token));
    else made.push(element(token, children(tokens, place)));
  }
  return made;
}

function element(token: Tokens[number], inside: ComponentChildren[]): ComponentChildren {
  if (token.hidden) return h(Fragment, null, ...inside);
  if (token.type === 'link_open') return link(String(token.attrGet('href') ?? ''), inside);
  if (!elements.has(token.tag)) return h(Fragment, null, ...inside);
  const made = h(token.tag, attributesOf(token), ...inside);
  return token.tag === 'table' ? h('div', { class: 'wide' }, made) : made;
}

/** What is nested takes its direction from what it stands in, so that a list's marks are on the side where its text begins. */
function attributesOf(token: Tokens[number]): Record<string, string | number> {
  const attributes: Record<string, string | number> = token.level === 0 || token.tag === 'td' || token.tag === 'th' ? { dir: 'auto' } : {};
  const align = /^text-align:(left|right|center)$/.exec(String(token.attrGet('style') ?? ''))?.[1];
  if (align) attributes.class = `align-${align}`;
  const start = Number(token.attrGet('start'));
  if (token.tag === 'ol' && Number.isInteger(start) && start !== 0) attributes.start = start;
  return attributes;
}

function leaf(token: Tokens[number]): ComponentChildren {
  switch (token.type) {
    case 'inline': return h(Fragment, null, ...children(token.children ?? [], { at: 0 }));
    case 'softbreak':
    case 'hardbreak': return <br />;
    case 'hr': return <hr />;
    case 'code_inline': return <code dir="auto">{token.content}</code>;
    case 'fence': return <CodeBlock code={token.content} language={token.info.trim().split(/\s+/)[0] ?? ''} />;
    case 'code_block': return <CodeBlock code={token.content} language="" />;
    // A picture from elsewhere would tell its server who reads this, so it is a link that a person may follow.
    case 'image': return link(String(token.attrGet('src') ?? ''), [`[image: ${token.content || 'no description'}]`]);
    default: return token.content;
  }
}

/** A link to the web or to a mail address; any other address is dropped, and its text stays. */
function link(address: string, inside: ComponentChildren[]): VNode {
  return isHarmless(address)
    ? <a href={address} target="_blank" rel="noopener noreferrer nofollow">{inside}</a>
    : h(Fragment, null, ...inside);
}

export function isHarmless(address: string): boolean {
  try {
    return ['http:', 'https:', 'mailto:'].includes(new URL(address).protocol);
  } catch {
    return false;
  }
}
