import MarkdownIt from 'markdown-it';

/** HTML in an answer is text. Only spelled-out addresses become links. Nesting beyond the preset's hundred levels is text, too. */
export const markdown = new MarkdownIt({ html: false, linkify: true, breaks: true, typographer: false });
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });

/** Reference definitions ("[a]: address") would make early blocks depend on later ones; answers do without. */
markdown.disable('reference');

/** "12458." alone is an answer, where CommonMark would see the 12458th item of a list that says nothing. */
markdown.block.ruler.before('list', 'bare_number', (state, line, _, silent) => {
  const [from, to] = [state.bMarks[line]! + state.tShift[line]!, state.eMarks[line]!];
  if (to - from > 12 || !/^\d+[.)]\s*$/.test(state.src.slice(from, to))) return false;
  if (silent) return true;
  state.line = line + 1;
  const open = state.push('paragraph_open', 'p', 1);
  open.map = [line, state.line];
  const inline = state.push('inline', '', 0);
  inline.content = state.src.slice(from, to).trim();
  inline.map = open.map;
  inline.children = [];
  state.push('paragraph_close', 'p', -1);
  return true;
});

/** A longer answer is shown as plain text: its structure is worth less than a page that stays usable. */
export const longestMarkdown = 400_000;

/**
 * Cuts an answer that grows at its end into pieces of its source, each one or more top-level blocks (paragraphs, lists, code).
 * All but the last can no longer change, so every call parses only what came after them.
 */
export class Blocks {
  #settled: string[] = [];
  #settledLength = 0;
  #source = '';

  /** The pieces of `source`, which joined give it again; cheap if it continues the source of the call before. */
  of(source: string): string[] {
    if (!source.startsWith(this.#source)) [this.#settled, this.#settledLength] = [[], 0];
    this.#source = source;
    const open = source.slice(this.#settledLength);
    // Whether a line begins a block is known when it is complete: "2" may become the next item of a list.
    const pieces = topLevel(open.slice(0, open.lastIndexOf('\n') + 1)).slice(0, -1);
    if (pieces.length > 0) {
      this.#settled = [...this.#settled, ...pieces];
      this.#settledLength += pieces.reduce((sum, piece) => sum + piece.length, 0);
    }
    const rest = source.slice(this.#settledLength);
    return rest === '' ? this.#settled : [...this.#settled, rest];
  }
}

/** The pieces of a source, one for each top-level block, which joined give the source again. */
function topLevel(source: string): string[] {
  if (source === '') return [];
  const tokens: ReturnType<typeof markdown.parse> = [];
  markdown.block.parse(source.replace(/\r/g, ' '), markdown, {}, tokens);
  const starts = tokens.filter(token => token.level === 0 && token.nesting >= 0 && token.map).map(token => token.map![0]);

  const pieces: string[] = [];
  let [from, line, at] = [0, 0, 0];
  for (const start of starts.slice(1)) {
    for (; line < start; line++) at = source.indexOf('\n', at) + 1;
    pieces.push(source.slice(from, at));
    from = at;
  }
  return [...pieces, source.slice(from)];
}
