import type { Reply } from '../chat/conversation';
import type { Token, Trace, TracedToken } from '../server/types';

/** What a reply cost, as far as it is known. */
export interface Summary {
  tokens: number;
  tokensPerSecond?: number;
  loops: number;
  meanDepth?: number;
  /** The share of the loops at full depth that no token had to wait for, from 0 to 1. */
  saved?: number;
  passesPerToken?: number;
  drafts?: number;
  draftsKept?: number;
  /** `histogram[i]` counts tokens read after loop i + 1; one entry per loop. */
  histogram: number[];
}

/** The server's own account where it gave one; otherwise (a reply that was stopped) what its tokens tell. */
export function summarise(reply: Reply, modelLoops: number): Summary {
  const report = reply.depth;
  const deepest = reply.tokens.reduce((most, token) => Math.max(most, token.depth), 0);
  const loops = Math.max(report?.loops || modelLoops, deepest, 1);
  const histogram = report && report.histogram.length > 0 ? padded(report.histogram, loops) : histogramOf(reply.tokens, loops);
  const counted = histogram.reduce((sum, count) => sum + count, 0);
  const tokens = reply.evalCount ?? reply.tokens.length;
  const meanDepth = report?.mean || (counted > 0 ? histogram.reduce((sum, count, at) => sum + count * (at + 1), 0) / counted : undefined);
  return {
    tokens,
    tokensPerSecond: rateOf(reply, tokens),
    loops,
    meanDepth,
    saved: meanDepth === undefined ? undefined : Math.max(0, 1 - meanDepth / loops),
    passesPerToken: report && report.passes > 0 && tokens > 0 ? report.passes / tokens : undefined,
    drafts: report?.drafts,
    draftsKept: report?.drafts_kept,
    histogram,
  };
}

/** How many tokens were read after each loop. */
export function histogramOf(tokens: Token[], loops: number): number[] {
  const histogram = new Array<number>(loops).fill(0);
  for (const token of tokens) {
    const at = Math.min(token.depth, loops) - 1;
    histogram[at] = (histogram[at] ?? 0) + 1;
  }
  return histogram;
}

/**
 * The trace of each token of a reply. Servers may trace a token more (the one that ended the reply) or less than they
 * streamed, so ids decide, looking a few tokens ahead.
 */
export function aligned(tokens: Token[], trace: Trace): (TracedToken | undefined)[] {
  const farthest = 8;
  let next = 0;
  return tokens.map(token => {
    for (let at = next; at < Math.min(trace.tokens.length, next + farthest); at++) {
      if (trace.tokens[at]!.id !== token.id) continue;
      next = at + 1;
      return trace.tokens[at];
    }
    return undefined;
  });
}

/** True if some loop would have said another token than the one that was said. */
export function disagrees(traced: TracedToken): boolean {
  return traced.said.some(said => said.text !== traced.text);
}

/** Tenths up to ten, whole numbers above. */
export function short(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

export function percent(share: number): string {
  if (share > 0 && share < 0.01) return '<1 %';
  return share < 1 && share > 0.99 ? '>99 %' : `${Math.round(100 * share)} %`;
}

/** A token's text with its blanks made visible. */
export function visible(text: string): string {
  if (text === '') return '·';
  return text.replace(/\n/g, '↵').replace(/\t/g, '⇥').replace(/^ +| +$/g, blanks => '␣'.repeat(blanks.length));
}

/** Which of the nine steps of the colour scale a depth has; the scale spans from one loop to all. */
export function step(depth: number, loops: number): number {
  return loops <= 1 ? 8 : Math.round(8 * (Math.min(Math.max(depth, 1), loops) - 1) / (loops - 1));
}

function rateOf(reply: Reply, tokens: number): number | undefined {
  if (reply.evalDuration && reply.evalDuration > 0 && tokens > 0) return tokens / (reply.evalDuration / 1e9);
  return reply.writingTime > 200 && tokens > 1 ? (tokens - 1) / (reply.writingTime / 1000) : undefined;
}

function padded(histogram: number[], loops: number): number[] {
  return Array.from({ length: Math.max(loops, histogram.length) }, (_, at) => histogram[at] ?? 0);
}
