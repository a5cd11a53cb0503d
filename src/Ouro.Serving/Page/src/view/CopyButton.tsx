import { useState } from 'preact/hooks';
import { Icon } from './icons';

/** Copies a text, and says for a moment that it did. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [state, setState] = useState('');
  const copy = async () => {
    setState(await toClipboard(text) ? 'Copied' : 'Not allowed here');
    setTimeout(() => setState(''), 1600);
  };
  return (
    <button type="button" class="quiet" aria-label={state || label} title={label} onClick={copy}>
      <Icon name={state === 'Copied' ? 'check' : 'copy'} />
      {state !== '' && <span class="small">{state}</span>}
    </button>
  );
}

/** The clipboard's own interface exists only on secure addresses; a page opened by a machine's name in the house has the old way. */
async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'offscreen';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
