import { chat, chooseModel, depthView, models, options, settingsOpen, sidebarOpen } from '../chat/store';
import type { ModelEntry } from '../server/types';
import { Icon } from './icons';

export function Header() {
  const touched = Object.keys(options.value).length;
  return (
    <header class="top">
      <button type="button" class="quiet menu" aria-label="Chats" onClick={() => { sidebarOpen.value = true; }}><Icon name="menu" /></button>
      <ModelPicker />
      <span class="space" />
      <button type="button" class={depthView.value ? 'toggle on' : 'toggle'} aria-pressed={depthView.value} aria-label="Depth" title="Colour each token by the loop after which it was read"
        onClick={() => { depthView.value = !depthView.value; }}>
        <Icon name="depth" /> <span>Depth</span>
      </button>
      <button type="button" class={settingsOpen.value ? 'toggle on' : 'toggle'} aria-pressed={settingsOpen.value} title="Settings"
        onClick={() => { settingsOpen.value = !settingsOpen.value; }}>
        <Icon name="settings" /> <span>Settings</span>{touched > 0 && <i class="badge" aria-label={`${touched} changed`}>{touched}</i>}
      </button>
    </header>
  );
}

function ModelPicker() {
  const known = models.value;
  const unlisted = chat.value.model !== '' && !known.some(model => model.name === chat.value.model);
  return (
    <select class="picker" aria-label="Model" value={chat.value.model} disabled={known.length === 0} onChange={event => chooseModel(event.currentTarget.value)}>
      {known.length === 0 && <option value={chat.value.model}>{chat.value.model || 'no model'}</option>}
      {known.length > 0 && unlisted && <option value={chat.value.model}>{chat.value.model} (gone)</option>}
      {known.map(model => <option key={model.name} value={model.name}>{labelOf(model)}</option>)}
    </select>
  );
}

function labelOf(model: ModelEntry): string {
  const details = [model.details.parameter_size, model.details.quantization_level].filter(Boolean).join(' ');
  return `${model.name.replace(/:latest$/, '')}${details === '' ? '' : ` · ${details}`}`;
}
