/** What a piece of code is; each kind has a colour. */
export type Kind = 'comment' | 'string' | 'number' | 'word' | 'plain';

export interface Piece {
  kind: Kind;
  text: string;
}

interface Language {
  comment: string;
  words: string;
}

const hashes = '#[^\\n]*';
const slashes = '//[^\\n]*|/\\*[\\s\\S]*?(?:\\*/|$)';
const dashes = '--[^\\n]*';

const curly = 'abstract as async await bool boolean break byte case catch char class const continue decimal default delete do double else enum export extends '
  + 'false finally float fn for foreach from func function get go if impl implements import in init int interface internal is let long match mod mut namespace '
  + 'new nil null object of operator out override package params private protected public readonly record ref return select self set short static string struct '
  + 'super switch this throw trait true try type typeof uint undefined union unsafe use using var virtual void volatile where while with yield';
const python = 'and as assert async await break class continue def del elif else except False finally for from global if import in is lambda match None nonlocal '
  + 'not or pass raise return True try while with yield';
const shell = 'case cd do done echo elif else esac exit export fi for function if in local read return set then while';
const sql = 'and as asc by case count create delete desc distinct drop else end exists from group having in index inner insert into is join left like limit not null '
  + 'on or order outer primary key right select set table then union unique update values when where';

const languages: Record<string, Language> = {
  curly: { comment: slashes, words: curly },
  python: { comment: hashes, words: python },
  shell: { comment: hashes, words: shell },
  sql: { comment: dashes, words: `${sql} ${sql.toUpperCase()}` },
  data: { comment: hashes, words: 'true false null yes no' },
};

const names: Record<string, string> = {
  py: 'python', python: 'python', python3: 'python',
  sh: 'shell', bash: 'shell', shell: 'shell', zsh: 'shell', console: 'shell', dockerfile: 'shell', ruby: 'python', rb: 'python',
  sql: 'sql', yaml: 'data', yml: 'data', toml: 'data', ini: 'data', json: 'data', jsonl: 'data',
  c: 'curly', cpp: 'curly', 'c++': 'curly', cs: 'curly', csharp: 'curly', 'c#': 'curly', java: 'curly', js: 'curly', javascript: 'curly', jsx: 'curly',
  ts: 'curly', typescript: 'curly', tsx: 'curly', go: 'curly', rust: 'curly', rs: 'curly', kotlin: 'curly', swift: 'curly', php: 'curly', css: 'curly',
};

/** Longer code is not coloured; the work would be noticed. */
const longestCode = 20_000;

/**
 * Cuts code into coloured pieces, which joined give the code again. It knows comments, strings, numbers and keywords, which is
 * what the eye needs; a language it does not know stays plain.
 */
export function highlight(code: string, name: string): Piece[] {
  const language = languages[names[name.toLowerCase()] ?? ''];
  if (!language || code.length > longestCode) return [{ kind: 'plain', text: code }];

  const words = new Set(language.words.split(' '));
  const pattern = new RegExp(
    `(${language.comment})|("""[\\s\\S]*?(?:"""|$)|"(?:\\\\.|[^"\\\\\\n])*"?|'(?:\\\\.|[^'\\\\\\n])*'?|\`(?:\\\\.|[^\`\\\\])*\`?)`
    + '|(\\b\\d[\\w.]*)|([A-Za-z_$][\\w$]*)', 'g');
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of code.matchAll(pattern)) {
    const [text, comment, string, number] = match;
    const kind: Kind = comment !== undefined ? 'comment' : string !== undefined ? 'string' : number !== undefined ? 'number' : words.has(text) ? 'word' : 'plain';
    if (kind === 'plain') continue;
    if (match.index > from) pieces.push({ kind: 'plain', text: code.slice(from, match.index) });
    pieces.push({ kind, text });
    from = match.index + text.length;
  }
  if (from < code.length) pieces.push({ kind: 'plain', text: code.slice(from) });
  return pieces;
}
