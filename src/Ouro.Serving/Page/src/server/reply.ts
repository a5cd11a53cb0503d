import type { ChatLine, DepthReport, Token } from './types';

/** Something went wrong, in one sentence that a person can read. */
export class ServerError extends Error {}

/**
 * Reads one line of a streamed reply. Anything missing or of the wrong kind becomes empty, since servers of other versions
 * may say less; a line that is no JSON object, or that carries an error, throws a `ServerError`.
 */
export function readLine(line: string): ChatLine {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw new ServerError('The server sent something that is not JSON; the answer ends here.');
  }
  if (!isRecord(parsed)) throw new ServerError('The server sent a line that is not an object; the answer ends here.');
  if (parsed.error !== undefined) throw new ServerError(sentenceOf(parsed.error));

  const message = isRecord(parsed.message) ? parsed.message : {};
  const done = parsed.done === true;
  const said = { content: text(message.content), thinking: text(message.thinking), tokens: tokensOf(parsed.tokens), done };
  if (!done) return said;

  return {
    ...said,
    done_reason: text(parsed.done_reason),
    load_duration: count(parsed.load_duration),
    prompt_eval_count: count(parsed.prompt_eval_count),
    prompt_eval_duration: count(parsed.prompt_eval_duration),
    eval_count: count(parsed.eval_count),
    eval_duration: count(parsed.eval_duration),
    depth: depthOf(parsed.depth),
    token_ids: numbers(parsed.token_ids),
    prompt_token_ids: numbers(parsed.prompt_token_ids),
  };
}

/** An error as the server wrote it: a string, or an object with a message. */
export function sentenceOf(error: unknown): string {
  const said = isRecord(error) ? error.message : error;
  return typeof said === 'string' && said.trim() !== '' ? said.trim().slice(0, 2000) : 'The server reported an error without saying which.';
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function tokensOf(value: unknown): Token[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map(token => ({
    text: text(token.text),
    id: count(token.id) ?? -1,
    depth: Math.max(1, Math.round(count(token.depth) ?? 1)),
    ...(token.thinking === true ? { thinking: true } : {}),
  }));
}

function depthOf(value: unknown): DepthReport | undefined {
  if (!isRecord(value)) return undefined;
  return {
    mean: count(value.mean) ?? 0,
    loops: count(value.loops) ?? 0,
    histogram: numbers(value.histogram) ?? [],
    passes: count(value.passes) ?? 0,
    rows: count(value.rows) ?? 0,
    drafts: count(value.drafts) ?? 0,
    drafts_kept: count(value.drafts_kept) ?? 0,
  };
}

function numbers(value: unknown): number[] | undefined {
  return Array.isArray(value) && value.every(item => typeof item === 'number') ? value : undefined;
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
