import { beginChat, chat, chats, deleteChat, openChat, running, sidebarOpen } from '../chat/store';
import type { Chat } from '../chat/conversation';
import { exportChats } from './export';
import { Icon } from './icons';
import { nextTheme, theme } from './theme';

/** Earlier chats, the latest first. */
export function Sidebar() {
  return (
    <>
      {sidebarOpen.value && <div class="shade" onClick={() => { sidebarOpen.value = false; }} />}
      <nav class={sidebarOpen.value ? 'sidebar open' : 'sidebar'} aria-label="Chats">
        <div class="brand"><img src="./icon.svg" alt="" width="26" height="26" /> Ouro</div>
        <button type="button" class="new-chat" onClick={beginChat} title="New chat (Ctrl+K)"><Icon name="plus" /> New chat</button>
        <ul>{chats.value.map(one => <Entry key={one.id} one={one} here={one.id === chat.value.id} />)}</ul>
        <footer>
          <button type="button" class="quiet" onClick={() => exportChats(chats.value)} disabled={chats.value.length === 0} title="Save all chats as JSON">
            <Icon name="save" /> Export
          </button>
          <button type="button" class="quiet" onClick={nextTheme} title="Theme" aria-label={`Theme: ${theme.value}`}>
            <Icon name={theme.value === 'light' ? 'sun' : theme.value === 'dark' ? 'moon' : 'half'} /> {theme.value}
          </button>
        </footer>
      </nav>
    </>
  );
}

function Entry({ one, here }: { one: Chat; here: boolean }) {
  const title = one.title || 'New chat';
  return (
    <li class={here ? 'here' : undefined}>
      <button type="button" class="entry" dir="auto" aria-current={here ? 'page' : undefined} onClick={() => openChat(one.id)}>
        {running.value[one.id] && <span class="pulse" aria-label="is being answered" />}
        {title}
      </button>
      <button type="button" class="quiet" aria-label={`Save “${title}” as JSON`} title="Save as JSON" onClick={() => exportChats([one])}><Icon name="save" /></button>
      <button type="button" class="quiet" aria-label={`Delete “${title}”`} title="Delete" onClick={() => deleteChat(one.id)}><Icon name="trash" /></button>
    </li>
  );
}
