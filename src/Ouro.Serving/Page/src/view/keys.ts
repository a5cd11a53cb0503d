import { stop } from '../chat/answer';
import { beginChat, isRunning, settingsOpen, sidebarOpen } from '../chat/store';

/** Keys that work anywhere on the page: Ctrl or Cmd+K begins a chat; Esc closes what is open, or stops the answer. */
export function listenToKeys(): void {
  addEventListener('keydown', event => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'k') beginChat();
    else if (event.key !== 'Escape') return;
    else if (sidebarOpen.value) sidebarOpen.value = false;
    else if (isRunning.value) stop();
    else if (settingsOpen.value) settingsOpen.value = false;
    else return;
    event.preventDefault();
  });
}
