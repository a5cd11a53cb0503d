import type { Token } from '../server/types';

/** Within a paragraph, tokens are drawn in groups of this many, so that a growing answer draws only its last group again. */
export const groupSize = 64;

/** A paragraph has no fewer tokens, or a list of short lines would be as much work as one long text. */
const fewest = 32;

/** Where a reply can be cut into blocks: after tokens that end a line. Half-open ranges that cover all tokens. */
export function paragraphs(tokens: Token[]): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  let from = 0;
  for (let at = 0; at < tokens.length; at++) {
    if (at + 1 - from < fewest || !tokens[at]!.text.endsWith('\n')) continue;
    found.push({ from, to: at + 1 });
    from = at + 1;
  }
  if (from < tokens.length) found.push({ from, to: tokens.length });
  return found;
}
