import type { ChatMessage, ChatLine, DepthReport, Options, Token } from '../server/types';

/** Where a reply stands; the first three while the request is open. */
export type ReplyState = 'loading' | 'reading' | 'writing' | 'done' | 'stopped' | 'failed';

/** One answer to a question. Never changed in place: each change is a new object, so that views can compare. */
export interface Reply {
  id: string;
  model: string;
  options: Options;
  state: ReplyState;
  content: string;
  thinking: string;
  tokens: Token[];
  error?: string;
  /** "stop", or "length" if the limit cut it off. */
  doneReason?: string;
  /** Wall-clock milliseconds between the first and the latest line. */
  writingTime: number;
  evalCount?: number;
  /** Nanoseconds. */
  evalDuration?: number;
  promptCount?: number;
  promptDuration?: number;
  depth?: DepthReport;
  tokenIds?: number[];
  promptIds?: number[];
}

/** A question with the answers it got; `shown` is the one that the conversation goes on from. */
export interface Turn {
  id: string;
  text: string;
  replies: Reply[];
  shown: number;
}

export interface Chat {
  id: string;
  title: string;
  model: string;
  system: string;
  /** Milliseconds since 1970. */
  changed: number;
  turns: Turn[];
}

export const newId = (): string => Array.from(crypto.getRandomValues(new Uint32Array(3)), part => part.toString(36)).join('');

export const isOpen = (reply: Reply | undefined): boolean =>
  reply !== undefined && (reply.state === 'loading' || reply.state === 'reading' || reply.state === 'writing');

export const shownReply = (turn: Turn): Reply | undefined => turn.replies[turn.shown];

export function newChat(model: string): Chat {
  return { id: newId(), title: '', model, system: '', changed: Date.now(), turns: [] };
}

export function newReply(model: string, options: Options): Reply {
  return { id: newId(), model, options, state: 'reading', content: '', thinking: '', tokens: [], writingTime: 0 };
}

/** The chat with another question at its end. */
export function withQuestion(chat: Chat, text: string): Chat {
  const title = chat.title || titleOf(text);
  return { ...chat, title, changed: Date.now(), turns: [...chat.turns, { id: newId(), text, replies: [], shown: 0 }] };
}

/** The chat with one question put differently; what came after it, its answers included, is gone. */
export function withEdit(chat: Chat, turnId: string, text: string): Chat {
  const at = chat.turns.findIndex(turn => turn.id === turnId);
  if (at < 0) return chat;
  const title = at === 0 ? titleOf(text) : chat.title;
  return { ...chat, title, changed: Date.now(), turns: [...chat.turns.slice(0, at), { id: newId(), text, replies: [], shown: 0 }] };
}

/** The chat with one turn replaced by what `change` makes of it. */
export function withTurn(chat: Chat, turnId: string, change: (turn: Turn) => Turn): Chat {
  return { ...chat, changed: Date.now(), turns: chat.turns.map(turn => turn.id === turnId ? change(turn) : turn) };
}

/** The turn with one more answer, which is shown. */
export function withReply(turn: Turn, reply: Reply): Turn {
  return { ...turn, replies: [...turn.replies, reply], shown: turn.replies.length };
}

/** The reply after some more lines of its stream, which began `elapsed` milliseconds ago. */
export function withLines(reply: Reply, news: ChatLine[], elapsed: number): Reply {
  const last = news.at(-1);
  const next: Reply = {
    ...reply,
    state: 'writing',
    content: reply.content + news.map(line => line.content).join(''),
    thinking: reply.thinking + news.map(line => line.thinking).join(''),
    tokens: [...reply.tokens, ...news.flatMap(line => line.tokens)],
    writingTime: elapsed,
  };
  if (!last?.done) return next;
  return {
    ...next,
    state: 'done',
    doneReason: last.done_reason,
    evalCount: last.eval_count,
    evalDuration: last.eval_duration,
    promptCount: last.prompt_eval_count,
    promptDuration: last.prompt_eval_duration,
    depth: last.depth,
    tokenIds: last.token_ids,
    promptIds: last.prompt_token_ids,
  };
}

/** What the server is sent to answer `turnId`: everything before it, and its question. Answers that failed at once are left out. */
export function messagesFor(chat: Chat, turnId: string): ChatMessage[] {
  const messages: ChatMessage[] = chat.system.trim() === '' ? [] : [{ role: 'system', content: chat.system }];
  for (const turn of chat.turns) {
    messages.push({ role: 'user', content: turn.text });
    if (turn.id === turnId) break;
    const reply = shownReply(turn);
    if (reply && (reply.content !== '' || reply.thinking !== ''))
      messages.push({ role: 'assistant', content: reply.content, ...(reply.thinking === '' ? {} : { thinking: reply.thinking }) });
  }
  return messages;
}

/** The beginning of a question on one line, cut between words. */
export function titleOf(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  if (line.length <= 48) return line;
  const cut = line.slice(0, 48);
  return `${cut.slice(0, cut.lastIndexOf(' ') > 24 ? cut.lastIndexOf(' ') : 47)}…`;
}
