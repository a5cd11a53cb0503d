import { signal } from '@preact/signals';
import type { Reply } from '../chat/conversation';
import { trace as askTrace } from '../server/api';
import type { TracedToken } from '../server/types';
import { aligned } from './statistics';

/** What the server told about a reply's tokens, one entry per token; or that it is still thinking, or why it will not. */
export type Traced =
  | { state: 'asking' }
  | { state: 'failed'; error: string }
  | { state: 'ready'; tokens: (TracedToken | undefined)[] };

/** By reply; kept for as long as the page is open. */
export const traces = signal<Record<string, Traced>>({});

/** Only a finished reply has the prompt's ids, without which nothing can be traced. */
export const canTrace = (reply: Reply): boolean => (reply.promptIds?.length ?? 0) > 0 && reply.tokens.length > 0;

/** Asks the server what it would have said after each loop, once per reply. */
export async function look(reply: Reply): Promise<void> {
  const known = traces.value[reply.id];
  if (known?.state === 'asking' || known?.state === 'ready' || !canTrace(reply)) return;
  tell(reply, { state: 'asking' });
  try {
    const ids = reply.tokenIds ?? reply.tokens.map(token => token.id);
    tell(reply, { state: 'ready', tokens: aligned(reply.tokens, await askTrace(reply.model, reply.promptIds!, ids, reply.options)) });
  } catch (error) {
    tell(reply, { state: 'failed', error: (error as Error).message });
  }
}

function tell(reply: Reply, traced: Traced): void {
  traces.value = { ...traces.value, [reply.id]: traced };
}
