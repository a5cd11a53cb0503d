import { SettingsDrawer } from './settings/SettingsDrawer';
import { Composer } from './view/Composer';
import { Conversation } from './view/Conversation';
import { Header } from './view/Header';
import { Notices } from './view/Notices';
import { Sidebar } from './view/Sidebar';

/** The page: chats on the left, the conversation in the middle, settings on the right. */
export function App() {
  return (
    <>
      <Sidebar />
      <main>
        <Header />
        <Conversation />
        <Composer />
        <Notices />
      </main>
      <SettingsDrawer />
    </>
  );
}
