import { change, chat, info, loops, options, resetOptions, setOption, settingsOpen, think, type Think } from '../chat/store';
import { Icon } from '../view/icons';
import { Segments } from '../view/Segments';
import { defaultOf, settingsFor, type Setting } from './settings';

/** Everything that can be set about answers; what is untouched stays the model's own. */
export function SettingsDrawer() {
  if (!settingsOpen.value) return null;
  const touched = Object.keys(options.value).length > 0 || think.value !== 'auto';
  return (
    <aside class="drawer" aria-label="Settings">
      <header>
        <h2>Settings</h2>
        <button type="button" class="quiet" disabled={!touched} onClick={resetOptions}>Model's defaults</button>
        <button type="button" class="quiet" aria-label="Close the settings" onClick={() => { settingsOpen.value = false; }}><Icon name="close" /></button>
      </header>
      <div class="drawer-body">
        <SystemPrompt />
        {settingsFor(loops.value).map(group => (
          <section key={group.title}>
            <h3>{group.title}</h3>
            {group.settings.map(setting => <SettingRow key={setting.name} setting={setting} />)}
          </section>
        ))}
        <ThinkRow />
      </div>
    </aside>
  );
}

function SystemPrompt() {
  const own = info.value?.system;
  return (
    <section>
      <h3><label for="system">System prompt</label></h3>
      <textarea id="system" class="field" rows={3} dir="auto" value={chat.value.system} placeholder={own || 'How the model should answer in this chat'}
        onInput={event => {
          const next = { ...chat.value, system: event.currentTarget.value };
          if (next.turns.length === 0) chat.value = next;
          else change(next);
        }} />
      <p class="help">Told to the model before this chat{own ? ', instead of its own' : ''}.</p>
    </section>
  );
}

function ThinkRow() {
  const can = info.value?.capabilities?.includes('thinking') ?? false;
  const choices: { value: Think; label: string }[] = [{ value: 'auto', label: 'auto' }, { value: 'on', label: 'on' }, { value: 'off', label: 'off' }];
  return (
    <section>
      <h3>Thinking</h3>
      <Segments label="Thinking" choices={choices} value={think.value} disabled={!can} onChoose={value => { think.value = value; }} />
      <p class="help">{can ? 'Whether the model thinks in writing before it answers; “auto” leaves it to the model.' : 'This model does not think in writing.'}</p>
    </section>
  );
}

function SettingRow({ setting }: { setting: Setting }) {
  const own = defaultOf(setting, info.value);
  const set = options.value[setting.name];
  const id = `setting-${setting.name}`;
  return (
    <div class={set === undefined ? 'setting' : 'setting touched'}>
      <div class="setting-head">
        <label for={id} id={`${id}-label`}>{setting.label}</label>
        {set !== undefined && (
          <button type="button" class="quiet small" title="Back to the model's own" aria-label={`${setting.label}: back to the model's own`}
            onClick={() => setOption(setting.name, undefined)}><Icon name="again" /></button>
        )}
        {setting.kind === 'slider' && <output for={id}>{shown(set ?? own)}</output>}
      </div>
      <Control setting={setting} id={id} value={set ?? own} />
      <p class="help" id={`${id}-help`}>{setting.help}</p>
    </div>
  );
}

function Control({ setting, id, value }: { setting: Setting; id: string; value: number | string }) {
  const { name, low = 0, high = 1, step = 1 } = setting;
  if (setting.kind === 'choice')
    return <Segments label={setting.label} choices={setting.choices ?? []} value={value} onChoose={next => setOption(name, next)} />;
  if (setting.kind === 'slider')
    return (
      <input id={id} type="range" min={low} max={Math.max(high, Number(value))} step={step} value={Number(value)} aria-describedby={`${id}-help`}
        onInput={event => setOption(name, Number(event.currentTarget.value))} />
    );
  return (
    <input id={id} class="field" type="number" inputMode="numeric" min={low} max={high} step={1} value={value} placeholder={setting.empty}
      aria-describedby={`${id}-help`} onInput={event => setOption(name, wholeNumber(event.currentTarget, low, high))} />
  );
}

/** The number in a field, within its bounds; nothing while the field is empty or holds something else. */
function wholeNumber(field: HTMLInputElement, low: number, high: number): number | undefined {
  const number = field.valueAsNumber;
  return Number.isFinite(number) ? Math.min(high, Math.max(low, Math.round(number))) : undefined;
}

/** Sliders' numbers without the dust of binary fractions. */
function shown(value: number | string): string {
  return typeof value === 'number' ? String(Math.round(value * 1e4) / 1e4) : value;
}
