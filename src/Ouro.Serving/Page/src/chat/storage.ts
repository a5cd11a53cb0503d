import { isRecord } from '../server/reply';
import { isOpen, type Chat, type Reply, type Turn } from './conversation';

const prefix = 'ouro.chat.';

/** A longer prompt's ids are not kept: they would fill the storage, and only tracing after a reload needs them. */
const longestKeptPrompt = 4096;

/** All chats in the browser's storage, the latest first. Entries that cannot be read stay where they are and are not shown. */
export function readChats(): Chat[] {
  const chats: Chat[] = [];
  for (const key of keys()) {
    const chat = chatOf(readText(key));
    if (chat) chats.push(chat);
  }
  return chats.sort((one, other) => other.changed - one.changed);
}

/**
 * Keeps a chat. If the browser's storage is full, the tokens (not the texts) of the oldest chats are given up first.
 * False if there was no room even so.
 */
export function keepChat(chat: Chat): boolean {
  const text = JSON.stringify({ ...chat, turns: chat.turns.map(lighter) });
  if (write(prefix + chat.id, text)) return true;
  for (const old of readChats().reverse()) {
    if (old.id === chat.id) continue;
    write(prefix + old.id, JSON.stringify(withoutTokens(old)));
    if (write(prefix + chat.id, text)) return true;
  }
  return write(prefix + chat.id, JSON.stringify(withoutTokens(chat)));
}

export function dropChat(id: string): void {
  try {
    localStorage.removeItem(prefix + id);
  } catch {
    // Storage is forbidden: nothing was kept either.
  }
}

/** Calls back when another tab changes a chat, with what it is now; `null` if it is gone. */
export function watchChats(changed: (id: string, chat: Chat | null) => void): void {
  addEventListener('storage', event => {
    if (event.key?.startsWith(prefix)) changed(event.key.slice(prefix.length), chatOf(event.newValue));
  });
}

/** A small value under a name of its own; `fallback` if there is none or it is not JSON. */
export function readValue<T>(name: string, fallback: T): T {
  try {
    const text = localStorage.getItem(`ouro.${name}`);
    return text === null ? fallback : JSON.parse(text) as T ?? fallback;
  } catch {
    return fallback;
  }
}

export function keepValue(name: string, value: unknown): void {
  write(`ouro.${name}`, JSON.stringify(value));
}

/** A chat from its JSON, or `null` if that is not what it is. */
export function chatOf(text: string | null): Chat | null {
  if (text === null) return null;
  try {
    const chat: unknown = JSON.parse(text);
    if (!isRecord(chat) || typeof chat.id !== 'string' || !Array.isArray(chat.turns)) return null;
    return {
      id: chat.id,
      title: String(chat.title ?? ''),
      model: String(chat.model ?? ''),
      system: String(chat.system ?? ''),
      changed: Number(chat.changed) || 0,
      turns: chat.turns.filter(isTurn).map(closed),
    };
  } catch {
    return null;
  }
}

const isTurn = (value: unknown): value is Turn =>
  isRecord(value) && typeof value.id === 'string' && typeof value.text === 'string' && Array.isArray(value.replies) && value.replies.every(isReply);

const isReply = (value: unknown): value is Reply =>
  isRecord(value) && typeof value.id === 'string' && typeof value.content === 'string' && typeof value.thinking === 'string'
  && typeof value.state === 'string' && Array.isArray(value.tokens) && isRecord(value.options);

/** A reply that was being written when the page went away counts as stopped. */
const closed = (turn: Turn): Turn => ({
  ...turn,
  shown: Math.min(Math.max(0, Number(turn.shown) || 0), Math.max(0, turn.replies.length - 1)),
  replies: turn.replies.map(reply => isOpen(reply) ? { ...reply, state: 'stopped' } : reply),
});

const lighter = (turn: Turn): Turn => ({
  ...turn,
  replies: turn.replies.map(reply => (reply.promptIds?.length ?? 0) > longestKeptPrompt ? { ...reply, promptIds: undefined } : reply),
});

const withoutTokens = (chat: Chat): Chat => ({
  ...chat,
  turns: chat.turns.map(turn => ({
    ...turn,
    replies: turn.replies.map(reply => ({ ...reply, tokens: [], tokenIds: undefined, promptIds: undefined })),
  })),
});

function keys(): string[] {
  try {
    return Object.keys(localStorage).filter(key => key.startsWith(prefix));
  } catch {
    return [];
  }
}

function readText(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, text: string): boolean {
  try {
    localStorage.setItem(key, text);
    return true;
  } catch {
    return false;
  }
}
