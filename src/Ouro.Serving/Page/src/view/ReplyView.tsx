import { useState } from 'preact/hooks';
import { again } from '../chat/answer';
import { isOpen, type Reply } from '../chat/conversation';
import { DepthText } from '../depth/DepthText';
import { Legend } from '../depth/Legend';
import { ReplyLine } from '../depth/ReplyLine';
import { Markdown } from '../markdown/Markdown';
import { CopyButton } from './CopyButton';
import { Icon } from './icons';

interface Props {
  reply: Reply;
  turnId: string;
  isLast: boolean;
  loops: number;
  byDepth: boolean;
  /** Other answers to the same question, if there are any to look at. */
  others?: { at: number; of: number; choose: (at: number) => void };
}

export function ReplyView({ reply, turnId, isLast, loops, byDepth, others }: Props) {
  const most = reply.depth?.loops || loops;
  const coloured = byDepth && reply.tokens.length > 0;
  const thinking = reply.tokens.filter(token => token.thinking);
  const spoken = reply.tokens.filter(token => !token.thinking);
  return (
    <div class={isOpen(reply) ? 'reply open' : 'reply'} aria-busy={isOpen(reply)}>
      {reply.thinking !== '' && (
        <Thinking live={isOpen(reply) && reply.content === ''}>
          {coloured ? <DepthText reply={reply} tokens={thinking} first={0} loops={most} /> : <Markdown source={reply.thinking} />}
        </Thinking>
      )}
      {reply.content !== '' && (coloured && spoken.length > 0
        ? <DepthText reply={reply} tokens={spoken} first={reply.tokens.length - spoken.length} loops={most} />
        : <Markdown source={reply.content} />)}
      {byDepth && reply.tokens.length === 0 && reply.content !== '' && <p class="small">The depths of this answer were not kept.</p>}
      {coloured && <Legend loops={most} />}
      <Status reply={reply} turnId={turnId} isLast={isLast} />
      {!isOpen(reply) && (
        <footer class="reply-foot">
          <div class="actions">
            {others && <Versions {...others} />}
            <CopyButton text={reply.content} label="Copy the answer" />
            {isLast && <button type="button" class="quiet" aria-label="Answer again" title="Answer again, with the settings of now" onClick={() => again(turnId)}><Icon name="again" /></button>}
          </div>
          <ReplyLine reply={reply} loops={loops} />
        </footer>
      )}
    </div>
  );
}

/** What was thought, folded; unfolded while it is being thought, unless a person decides otherwise. */
function Thinking({ live, children }: { live: boolean; children: preact.ComponentChildren }) {
  const [wanted, setWanted] = useState<boolean | undefined>(undefined);
  const open = wanted ?? live;
  return (
    <details class={live ? 'thinking live' : 'thinking'} open={open}>
      <summary onClick={event => { event.preventDefault(); setWanted(!open); }}>{live ? 'Thinking…' : 'Thoughts'}</summary>
      {open && <div class="thoughts">{children}</div>}
    </details>
  );
}

function Status({ reply, turnId, isLast }: { reply: Reply; turnId: string; isLast: boolean }) {
  switch (reply.state) {
    case 'loading': return <p class="waiting">Loading the model</p>;
    case 'reading': return <p class="waiting">Reading the prompt</p>;
    case 'failed': return (
      <p class="problem" role="alert">
        {reply.error} {isLast && <button type="button" class="chip" onClick={() => again(turnId)}>Try again</button>}
      </p>
    );
    case 'stopped': return <p class="small">Stopped.</p>;
    case 'done': return reply.doneReason === 'length'
      ? <p class="small">Cut off: the answer reached the most tokens that it may have.</p>
      : reply.content === '' && reply.thinking === '' ? <p class="small">The model ended without saying anything.</p> : null;
    default: return null;
  }
}

function Versions({ at, of, choose }: NonNullable<Props['others']>) {
  return (
    <span class="versions">
      <button type="button" class="quiet" aria-label="The answer before" disabled={at === 0} onClick={() => choose(at - 1)}><Icon name="left" /></button>
      <span aria-label={`Answer ${at + 1} of ${of}`}>{at + 1}/{of}</span>
      <button type="button" class="quiet" aria-label="The next answer" disabled={at === of - 1} onClick={() => choose(at + 1)}><Icon name="right" /></button>
    </span>
  );
}
