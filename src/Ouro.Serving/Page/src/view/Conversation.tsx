import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { isOpen, shownReply } from '../chat/conversation';
import { chat, depthView, loops } from '../chat/store';
import { Icon } from './icons';
import { TurnView } from './Turn';
import { Welcome } from './Welcome';

/** Nearer to the end than this counts as being there, in pixels. */
const nearEnd = 48;

/** The chat itself. It follows a growing answer until the person scrolls up, and again once they are back at the end. */
export function Conversation() {
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const lastTop = useRef(0);
  const [away, setAway] = useState(false);
  const { id, turns } = chat.value;

  useEffect(() => { follows.current = true; }, [id, turns.length]);
  useLayoutEffect(() => {
    if (follows.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  });

  const onScroll = () => {
    const area = box.current!;
    const atEnd = area.scrollHeight - area.scrollTop - area.clientHeight < nearEnd;
    // Only a person scrolls up; text that grows moves the end, not the place.
    if (area.scrollTop < lastTop.current && !atEnd) follows.current = false;
    else if (atEnd) follows.current = true;
    lastTop.current = area.scrollTop;
    if (away === atEnd) setAway(!atEnd);
  };
  const toEnd = () => {
    follows.current = true;
    box.current!.scrollTo({ top: box.current!.scrollHeight, behavior: 'smooth' });
  };

  return (
    <div class="conversation" ref={box} onScroll={onScroll}>
      <div class="column">
        {turns.length === 0 ? <Welcome /> : turns.map((turn, at) => (
          <TurnView key={turn.id} turn={turn} isLast={at === turns.length - 1} loops={loops.value} byDepth={depthView.value} />
        ))}
      </div>
      {away && turns.length > 0 && <button type="button" class="to-end" aria-label="To the end" onClick={toEnd}><Icon name="down" /></button>}
      <Announcement />
    </div>
  );
}

/** Tells listeners what happens, without reading every token aloud. */
function Announcement() {
  const last = chat.value.turns.at(-1);
  const reply = last && shownReply(last);
  const text = reply === undefined ? ''
    : reply.state === 'loading' ? 'Loading the model.'
    : isOpen(reply) ? 'The model is answering.'
    : reply.state === 'done' ? `Answer: ${reply.content.slice(0, 600)}`
    : reply.state === 'stopped' ? 'Stopped.' : '';
  return <div class="offscreen" role="status" aria-live="polite">{text}</div>;
}
