import { chat as askChat, isLoaded } from '../server/api';
import type { ChatLine } from '../server/types';
import { isOpen, messagesFor, newReply, withEdit, withLines, withQuestion, withReply, withTurn, type Reply } from './conversation';
import { Frames } from './frames';
import { change, chat, info, isRunning, latest, options, running, show, think } from './store';

/** Puts a question at the end of the chat and has it answered. */
export function send(text: string): void {
  if (text.trim() === '' || isRunning.value || chat.value.model === '') return;
  const asked = withQuestion(chat.value, text.trim());
  change(asked);
  void answer(asked.id, asked.turns.at(-1)!.id);
}

/** Puts a question differently; what came after it goes. */
export function resend(turnId: string, text: string): void {
  if (text.trim() === '' || isRunning.value) return;
  const edited = withEdit(chat.value, turnId, text.trim());
  change(edited);
  void answer(edited.id, edited.turns.at(-1)!.id);
}

/** Asks for another answer to the last question, with the settings of now; earlier answers stay beside it. */
export function again(turnId: string): void {
  if (!isRunning.value) void answer(chat.value.id, turnId);
}

export function stop(): void {
  running.value[chat.value.id]?.abort();
}

/** Streams an answer into a turn. Every end is a state of the reply: done, stopped by the person, or failed with a sentence. */
async function answer(chatId: string, turnId: string): Promise<void> {
  const from = latest(chatId);
  if (!from) return;
  const [opened, request] = [newReply(from.model, options.value), messagesFor(from, turnId)];
  const controller = new AbortController();
  running.value = { ...running.value, [chatId]: controller };
  change(withTurn(from, turnId, turn => withReply(turn, opened)));

  const update = (next: (reply: Reply) => Reply, keep = false): void => {
    const now = latest(chatId);
    if (!now) return;
    const changed = withTurn(now, turnId, turn =>
      ({ ...turn, replies: turn.replies.map(reply => reply.id === opened.id ? next(reply) : reply) }));
    (keep ? change : show)(changed);
  };

  let began = 0;
  const frames = new Frames<ChatLine>(news => update(reply => withLines(reply, news, performance.now() - began)));
  void tellWhatItWaitsFor(from.model, update, controller.signal);
  try {
    const lines = askChat({ model: from.model, messages: request, options: opened.options, ...thinkField() }, controller.signal);
    for await (const line of lines) {
      began ||= performance.now();
      frames.add(line);
    }
    frames.close();
  } catch (error) {
    frames.close();
    update(reply => controller.signal.aborted
      ? { ...reply, state: 'stopped' }
      : { ...reply, state: 'failed', error: (error as Error).message });
  } finally {
    const { [chatId]: _, ...rest } = running.value;
    running.value = rest;
    update(reply => reply, true);
  }
}

/** "auto" says nothing, and models that cannot think are told nothing. */
function thinkField(): { think?: boolean } {
  if (think.value === 'auto' || !info.value?.capabilities?.includes('thinking')) return {};
  return { think: think.value === 'on' };
}

/** Until the first token, the reply says whether the model is still being read from disk or reads the prompt already. */
async function tellWhatItWaitsFor(model: string, update: (next: (reply: Reply) => Reply) => void, signal: AbortSignal): Promise<void> {
  let waits = true;
  while (waits && !signal.aborted) {
    const state = await isLoaded(model) ? 'reading' : 'loading';
    update(reply => {
      waits = isOpen(reply) && reply.state !== 'writing';
      return waits && reply.state !== state ? { ...reply, state } : reply;
    });
    if (state === 'reading') return;
    await new Promise(resolve => setTimeout(resolve, 700));
  }
}
