import type { Chat } from '../chat/conversation';

/** Saves chats as a JSON file, with depths and settings; one chat is named after its title. */
export function exportChats(chats: Chat[]): void {
  const text = JSON.stringify({ format: 'ouro-chats', version: 1, chats }, null, 1);
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = `${fileName(chats.length === 1 ? chats[0]!.title : '') || 'ouro-chats'}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

const fileName = (title: string): string => title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '').slice(0, 40);
