import { batch, computed, effect, signal } from '@preact/signals';
import { listModels, showModel } from '../server/api';
import type { ModelEntry, Options, ShownModel } from '../server/types';
import { newChat, type Chat } from './conversation';
import { dropChat, keepChat, keepValue, readChats, readValue, watchChats } from './storage';

/** Everything that the page shows and that outlives a component. */
export const models = signal<ModelEntry[]>([]);
export const modelsError = signal('');
export const shown = signal<Record<string, ShownModel>>({});

export const chats = signal<Chat[]>([]);
export const chat = signal<Chat>(newChat(''));
/** A chat that was deleted a moment ago and can come back. */
export const deleted = signal<Chat | null>(null);
export const notice = signal('');

export type Think = 'auto' | 'on' | 'off';
/** What a person has set, by model; what is absent is the model's own. */
export const chosen = signal<Record<string, Options>>(readValue('options', {}));
export const think = signal<Think>(readValue<Think>('think', 'auto'));
export const depthView = signal<boolean>(readValue('depth', false));
export const settingsOpen = signal(false);
export const sidebarOpen = signal(false);

/** Requests under way, by chat. */
export const running = signal<Record<string, AbortController>>({});
export const isRunning = computed(() => running.value[chat.value.id] !== undefined);

export const info = computed<ShownModel | undefined>(() => shown.value[chat.value.model]);
export const loops = computed(() => loopsOf(info.value));
export const options = computed<Options>(() => chosen.value[chat.value.model] ?? {});

/** How many loops a model was trained for; 4, as published, where the server does not say. */
export function loopsOf(model: ShownModel | undefined): number {
  const said = Number(model?.model_info?.['ouro.num_loops']);
  return Number.isInteger(said) && said > 0 ? said : 4;
}

/** Reads what the browser kept, then asks the server what it has. */
export function start(): void {
  chats.value = readChats();
  chat.value = newChat(readValue('model', ''));
  watchChats((id, now) => {
    if (running.value[id]) return;
    chats.value = [...chats.value.filter(other => other.id !== id), ...(now ? [now] : [])].sort((one, other) => other.changed - one.changed);
    if (now && chat.value.id === id) chat.value = now;
  });
  effect(() => keepValue('options', chosen.value));
  effect(() => keepValue('think', think.value));
  effect(() => keepValue('depth', depthView.value));
  addEventListener('pagehide', () => chats.value.filter(open => running.value[open.id]).forEach(keepChat));
  void loadModels();
}

export async function loadModels(): Promise<void> {
  try {
    const found = await listModels();
    batch(() => {
      models.value = found;
      modelsError.value = found.length === 0 ? 'The server has no model yet. Give it one with “ouro pull” or “ouro create”, then look again.' : '';
    });
    const first = found[0];
    if (first && !found.some(model => model.name === chat.value.model)) chooseModel(first.name);
    else await describe(chat.value.model);
  } catch (error) {
    modelsError.value = (error as Error).message;
  }
}

/** From now on this chat is answered by another model. */
export function chooseModel(name: string): void {
  keepValue('model', name);
  const changed = { ...chat.value, model: name };
  if (changed.turns.length === 0) chat.value = changed;
  else change(changed);
  void describe(name);
}

async function describe(name: string): Promise<void> {
  if (name === '' || shown.value[name]) return;
  try {
    const said = await showModel(name);
    shown.value = { ...shown.value, [name]: said };
  } catch {
    // The page can do without; an unusable model will say so when it is asked something.
  }
}

/** Shows and remembers a new state of a chat, without writing it to the storage. */
export function show(next: Chat): void {
  batch(() => {
    if (chat.value.id === next.id) chat.value = next;
    const at = chats.value.findIndex(other => other.id === next.id);
    chats.value = at < 0 ? [next, ...chats.value] : chats.value.with(at, next);
  });
}

/** The latest state of a chat, wherever it is shown; nothing if it was deleted. */
export const latest = (id: string): Chat | undefined =>
  chats.value.find(other => other.id === id) ?? (chat.value.id === id ? chat.value : undefined);

/** Shows and keeps a new state of a chat. */
export function change(next: Chat): void {
  show(next);
  if (!keepChat(next)) notice.value = 'The browser has no room to keep this chat; export it, or delete older ones.';
}

export function beginChat(): void {
  const model = chat.value.model;
  chat.value = newChat(model);
  sidebarOpen.value = false;
}

export function openChat(id: string): void {
  const found = latest(id);
  if (!found) return;
  const known = models.value.length === 0 || models.value.some(model => model.name === found.model);
  chat.value = known ? found : { ...found, model: models.value[0]?.name ?? found.model };
  sidebarOpen.value = false;
  void describe(chat.value.model);
}

export function deleteChat(id: string): void {
  running.value[id]?.abort();
  const gone = latest(id);
  dropChat(id);
  batch(() => {
    deleted.value = gone ?? null;
    chats.value = chats.value.filter(other => other.id !== id);
    if (chat.value.id === id) chat.value = newChat(chat.value.model);
  });
}

export function restoreChat(): void {
  const back = deleted.value;
  deleted.value = null;
  if (back) change(back);
}

export function setOption(name: keyof Options, value: number | string | undefined): void {
  const { [name]: _, ...rest } = options.value;
  chosen.value = { ...chosen.value, [chat.value.model]: value === undefined ? rest : { ...rest, [name]: value } };
}

export function resetOptions(): void {
  chosen.value = { ...chosen.value, [chat.value.model]: {} };
  think.value = 'auto';
}
