import { resend } from '../chat/answer';
import { isOpen, shownReply, withTurn, type Turn } from '../chat/conversation';
import { change, chat } from '../chat/store';
import { useState } from 'preact/hooks';
import { CopyButton } from './CopyButton';
import { Icon } from './icons';
import { memo } from './memo';
import { editing } from './editing';
import { ReplyView } from './ReplyView';
import { growToFit } from './growToFit';

interface Props {
  turn: Turn;
  isLast: boolean;
  loops: number;
  byDepth: boolean;
}

/** A question and the answer to it that is shown. */
export const TurnView = memo(function TurnView({ turn, isLast, loops, byDepth }: Props) {
  const reply = shownReply(turn);
  const others = turn.replies.length > 1 && !turn.replies.some(isOpen)
    ? { at: turn.shown, of: turn.replies.length, choose: (shown: number) => change(withTurn(chat.value, turn.id, now => ({ ...now, shown }))) }
    : undefined;
  return (
    <article class="turn">
      <Question turn={turn} isLast={isLast} />
      {reply && <ReplyView key={reply.id} reply={reply} turnId={turn.id} isLast={isLast} loops={loops} byDepth={byDepth} others={others} />}
    </article>
  );
});

function Question({ turn, isLast }: { turn: Turn; isLast: boolean }) {
  if (editing.value === turn.id) return <Edit turn={turn} isLast={isLast} />;
  return (
    <div class="question">
      <div class="bubble" dir="auto">{turn.text}</div>
      <div class="actions">
        <CopyButton text={turn.text} label="Copy the question" />
        <button type="button" class="quiet" aria-label="Edit the question" title="Edit and send again" onClick={() => { editing.value = turn.id; }}><Icon name="pencil" /></button>
      </div>
    </div>
  );
}

function Edit({ turn, isLast }: { turn: Turn; isLast: boolean }) {
  const [text, setText] = useState(turn.text);
  const close = () => { editing.value = ''; };
  const submit = () => {
    close();
    resend(turn.id, text);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape') close();
    else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) submit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <form class="question edit" onSubmit={event => { event.preventDefault(); submit(); }}>
      <textarea class="field" dir="auto" aria-label="The question" value={text} ref={focusOnce} onKeyDown={onKey}
        onInput={event => { setText(event.currentTarget.value); growToFit(event.currentTarget); }} />
      <div class="actions shown">
        <span class="small">{isLast ? 'Replaces the answer below.' : 'Replaces everything that follows.'}</span>
        <button type="button" class="chip" onClick={close}>Cancel</button>
        <button type="submit" class="chip strong" disabled={text.trim() === ''}>Send again</button>
      </div>
    </form>
  );
}

function focusOnce(area: HTMLTextAreaElement | null): void {
  if (!area || area.dataset.seen) return;
  area.dataset.seen = 'yes';
  growToFit(area);
  area.focus();
  area.setSelectionRange(area.value.length, area.value.length);
}
