import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Reply } from '../chat/conversation';
import type { Token, TracedToken } from '../server/types';
import { Icon } from '../view/icons';
import { percent, step, visible } from './statistics';
import { canTrace, look, traces } from './traces';

interface Props {
  reply: Reply;
  token: Token;
  /** Which token of the reply it is, from 0. */
  at: number;
  loops: number;
  pinned: boolean;
  box: RefObject<HTMLDivElement | null>;
  /** Which token of the box it stands at. */
  anchor: number;
  onClose: () => void;
}

/** Everything known about one token: its depth, the gate's exit chances, and what would have been said after each loop. */
export function TokenCard({ reply, token, at, loops, pinned, box, anchor, onClose }: Props) {
  const card = useRef<HTMLDivElement>(null);
  const known = traces.value[reply.id];
  useLayoutEffect(() => place(card.current, box.current, anchor), [anchor, known, pinned]);
  const traced = known?.state === 'ready' ? known.tokens[at] : undefined;
  return (
    <div class={pinned ? 'card pinned' : 'card'} ref={card} role="status">
      <header>
        <code class={`token depth-${step(token.depth, loops)}`}>{visible(token.text)}</code>
        <span>read after loop <b>{token.depth}</b> of {loops}</span>
        {pinned && <button type="button" class="quiet" aria-label="Close" onClick={onClose}><Icon name="close" /></button>}
      </header>
      {traced && <Loops traced={traced} loops={loops} depth={token.depth} />}
      {known?.state === 'ready' && !traced && <p class="small">The server told nothing about this token.</p>}
      {known?.state === 'failed' && <p class="small bad">{known.error}</p>}
      {known?.state === 'asking' && <p class="small">Asking the model…</p>}
      {(known === undefined || known.state === 'failed') && canTrace(reply) && (pinned
        ? <button type="button" class="chip" onClick={() => void look(reply)}>What would it have said earlier?</button>
        : <p class="small">Click to see what it would have said after each loop.</p>)}
      {!canTrace(reply) && <p class="small">What it would have said earlier is known only of a finished answer.</p>}
    </div>
  );
}

function Loops({ traced, loops, depth }: { traced: TracedToken; loops: number; depth: number }) {
  return (
    <table class="loops">
      <thead>
        <tr><th>loop</th><th>exit chance</th><th>would say</th></tr>
      </thead>
      <tbody>
        {traced.said.map((said, at) => {
          const chance = traced.exit_chance[at] ?? 0;
          return (
            <tr key={at} class={at + 1 === depth ? 'read' : undefined}>
              <td>{at + 1}</td>
              <td><Bar share={chance} step={step(at + 1, loops)} /> <span class="number">{percent(chance)}</span></td>
              <td title={said.top?.map(guess => `${visible(guess.text)} ${percent(guess.probability)}`).join('   ')}>
                <code class={said.text === traced.text ? undefined : 'differs'}>{visible(said.text)}</code> <span class="number">{percent(said.probability)}</span>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

export function Bar({ share, step: colour }: { share: number; step: number }) {
  return (
    <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="100" height="10" rx="2" />
      <rect class={`fill-${colour}`} width={Math.max(0, Math.min(1, share)) * 100} height="10" rx="2" />
    </svg>
  );
}

/** Puts the card below its token, or above it if the window ends first, and never beyond the text's sides. */
function place(card: HTMLDivElement | null, box: HTMLDivElement | null, anchor: number): void {
  const token = box?.querySelector(`[data-at="${anchor}"]`)?.getClientRects()[0];
  if (!card || !box || !token) return;
  const [frame, size] = [box.getBoundingClientRect(), card.getBoundingClientRect()];
  const below = token.bottom + 8 + size.height < innerHeight - 120 || token.top < size.height + 80;
  card.style.left = `${Math.max(0, Math.min(token.left - frame.left - 12, frame.width - size.width))}px`;
  card.style.top = `${(below ? token.bottom + 8 : token.top - size.height - 8) - frame.top}px`;
}
