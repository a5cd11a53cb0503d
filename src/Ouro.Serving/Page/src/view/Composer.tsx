import { useEffect, useRef, useState } from 'preact/hooks';
import { send, stop } from '../chat/answer';
import { chat, isRunning, models } from '../chat/store';
import { editing } from './editing';
import { growToFit } from './growToFit';
import { Icon } from './icons';

/** Where questions are written. Enter sends, Shift+Enter begins a line, arrow up in an empty field edits the last question. */
export function Composer() {
  const area = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState('');
  const { id } = chat.value;

  // On a phone, focus would push the keyboard over the page unasked.
  useEffect(() => { if (matchMedia('(hover: hover)').matches) area.current?.focus(); }, [id]);
  useEffect(() => { if (area.current) growToFit(area.current); }, [text]);

  const submit = () => {
    if (isRunning.value || text.trim() === '' || models.value.length === 0) return;
    send(text);
    setText('');
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) submit();
    else if (event.key === 'ArrowUp' && text === '' && !isRunning.value && chat.value.turns.length > 0) editing.value = chat.value.turns.at(-1)!.id;
    else return;
    event.preventDefault();
  };

  return (
    <form class="composer" onSubmit={event => { event.preventDefault(); submit(); }}>
      <div class="composer-box">
        <textarea ref={area} rows={1} dir="auto" value={text} placeholder="Ask something" aria-label="Your question" enterkeyhint="send"
          onInput={event => setText(event.currentTarget.value)} onKeyDown={onKey} />
        {isRunning.value
          ? <button type="button" class="round" aria-label="Stop" title="Stop (Esc)" onClick={stop}><Icon name="stop" /></button>
          : <button type="submit" class="round" aria-label="Send" title="Send (Enter)" disabled={text.trim() === '' || models.value.length === 0}><Icon name="send" /></button>}
      </div>
    </form>
  );
}
