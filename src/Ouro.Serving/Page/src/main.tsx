import { render } from 'preact';
import { App } from './App';
import { start } from './chat/store';
import { listenToKeys } from './view/keys';
import './styles/theme.css';
import './styles/layout.css';
import './styles/controls.css';
import './styles/conversation.css';
import './styles/markdown.css';
import './styles/depth.css';
import './styles/settings.css';

// A tour: chat/store.ts holds what the page shows, chat/answer.ts streams an answer into it, view/ draws it,
// depth/ is what other chat pages do not have, markdown/ makes answers harmless and readable, server/ speaks the API.
start();
listenToKeys();
render(<App />, document.getElementById('page')!);
