import { useState } from 'preact/hooks';
import type { Reply } from '../chat/conversation';
import { describeOptions } from '../settings/settings';
import { Histogram } from './Histogram';
import { percent, short, summarise, type Summary } from './statistics';
import { TraceTable } from './TraceTable';

/** The discreet line under an answer: what it cost. It opens to show where tokens were read, and what they nearly were. */
export function ReplyLine({ reply, loops }: { reply: Reply; loops: number }) {
  const [open, setOpen] = useState(false);
  const summary = summarise(reply, loops);
  if (summary.tokens === 0) return null;
  return (
    <details class="cost" open={open} onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>{facts(summary).map(([text, why]) => <span key={text} title={why}>{text}</span>)}</summary>
      {open && (
        <div class="cost-details">
          <Histogram counts={summary.histogram} />
          <p class="small">{describeOptions(reply)}</p>
          <TraceTable reply={reply} loops={summary.loops} />
        </div>
      )}
    </details>
  );
}

function facts(summary: Summary): [string, string][] {
  const facts: [string, string][] = [[`${summary.tokens} ${summary.tokens === 1 ? 'token' : 'tokens'}`, 'The length of the answer, thinking included.']];
  if (summary.tokensPerSecond !== undefined) facts.push([`${short(summary.tokensPerSecond)} tok/s`, 'Writing alone, without reading the prompt.']);
  if (summary.meanDepth !== undefined) facts.push([`depth ${summary.meanDepth.toFixed(2)} of ${summary.loops}`, 'After how many loops a token was read, on average.']);
  if (summary.saved !== undefined && summary.saved > 0)
    facts.push([`${percent(summary.saved)} loops saved`, 'Loops that no token had to wait for. Under the policy “exact” they still run, beside later tokens.']);
  if (summary.passesPerToken !== undefined)
    facts.push([`${summary.passesPerToken.toFixed(2)} passes/token`, 'How often the weights were read for one token; guessing ahead lets one reading serve several.']);
  if (summary.drafts) facts.push([`${percent((summary.draftsKept ?? 0) / summary.drafts)} guesses held`, `${summary.draftsKept} of ${summary.drafts} tokens guessed ahead were right.`]);
  return facts;
}
