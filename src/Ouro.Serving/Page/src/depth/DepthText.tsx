import { useRef, useState } from 'preact/hooks';
import type { Reply } from '../chat/conversation';
import type { Token } from '../server/types';
import { memo } from '../view/memo';
import { groupSize, paragraphs } from './paragraphs';
import { step } from './statistics';
import { TokenCard } from './TokenCard';


interface Chosen {
  at: number;
  pinned: boolean;
}

/** A reply's tokens as they were read, each with the colour of its depth. Hovering, tapping or the arrow keys open a token's card. */
export function DepthText({ reply, tokens, first, loops }: { reply: Reply; tokens: Token[]; first: number; loops: number }) {
  const box = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState<Chosen | null>(null);

  const onMove = (event: PointerEvent) => {
    if (event.pointerType !== 'mouse' || chosen?.pinned) return;
    const at = indexAt(event.target);
    if (at !== chosen?.at) setChosen(at === undefined ? null : { at, pinned: false });
  };
  const onClick = (event: MouseEvent) => {
    const at = indexAt(event.target);
    if (at !== undefined) setChosen(chosen?.pinned && chosen.at === at ? null : { at, pinned: true });
  };
  const onKey = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowRight: (chosen?.at ?? -1) + 1, ArrowLeft: (chosen?.at ?? 1) - 1, Home: 0, End: tokens.length - 1 };
    const to = moves[event.key];
    if (to !== undefined) setChosen({ at: Math.min(Math.max(to, 0), tokens.length - 1), pinned: true });
    else if (event.key === 'Escape' && chosen) setChosen(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="depth-box" ref={box} onPointerLeave={() => { if (!chosen?.pinned) setChosen(null); }} onKeyDown={onKey}>
      <div class="depth-text" tabIndex={0} role="group" aria-label="The answer by depth. Arrow keys go from token to token."
        onPointerMove={onMove} onClick={onClick}>
        {paragraphs(tokens).map(({ from, to }) => (
          <Paragraph key={from} tokens={tokens} from={from} to={to} loops={loops} chosen={chosen && chosen.at >= from && chosen.at < to ? chosen.at : -1} />
        ))}
      </div>
      {chosen && tokens[chosen.at] && (
        <TokenCard key={chosen.at} reply={reply} token={tokens[chosen.at]!} at={first + chosen.at} loops={loops} pinned={chosen.pinned}
          box={box} anchor={chosen.at} onClose={() => setChosen(null)} />
      )}
    </div>
  );
}

interface RangeProps {
  tokens: Token[];
  from: number;
  to: number;
  loops: number;
  chosen: number;
}

/** Tokens are only ever added at the end, so a range with the same ends is the same range. */
const sameRange = (one: RangeProps, other: RangeProps): boolean =>
  one.from === other.from && one.to === other.to && one.loops === other.loops && one.chosen === other.chosen
  && one.tokens[one.from] === other.tokens[other.from];

/** A block of its own, so that the browser need not lay out again what stands before it. */
const Paragraph = memo(function Paragraph({ tokens, from, to, loops, chosen }: RangeProps) {
  const starts = Array.from({ length: Math.ceil((to - from) / groupSize) }, (_, at) => from + at * groupSize);
  return (
    <div dir="auto">
      {starts.map(start => <Group key={start} tokens={tokens} from={start} to={Math.min(start + groupSize, to)} loops={loops}
        chosen={chosen >= start && chosen < start + groupSize ? chosen : -1} />)}
    </div>
  );
}, sameRange);

const Group = memo(function Group({ tokens, from, to, loops, chosen }: RangeProps) {
  return (
    <>
      {tokens.slice(from, to).map((token, at) => (
        <span key={from + at} data-at={from + at} class={`token depth-${step(token.depth, loops)}${chosen === from + at ? ' chosen' : ''}`}>
          {shownText(token.text)}
        </span>
      ))}
    </>
  );
}, sameRange);

/** A line's end gets a sign, and a token without a text of its own a dot; otherwise there would be nothing to point at. */
function shownText(text: string) {
  if (text === '') return <span class="faint">·</span>;
  if (!text.includes('\n')) return text;
  return text.split('\n').flatMap((part, at) => at === 0 ? [part] : [<span class="faint">↵</span>, '\n', part]);
}

function indexAt(target: EventTarget | null): number | undefined {
  const token = target instanceof Element ? target.closest<HTMLElement>('[data-at]') : null;
  return token ? Number(token.dataset.at) : undefined;
}
