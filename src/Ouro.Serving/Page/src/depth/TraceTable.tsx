import { useState } from 'preact/hooks';
import type { Reply } from '../chat/conversation';
import type { TracedToken } from '../server/types';
import { disagrees, percent, step, visible } from './statistics';
import { canTrace, look, traces } from './traces';

/** As many rows as are drawn at first, and each time more are asked for. */
const rowsAtOnce = 100;

/** For every token, what would have been said after each loop; where that differs from what was said, it stands out. */
export function TraceTable({ reply, loops }: { reply: Reply; loops: number }) {
  const known = traces.value[reply.id];
  if (!canTrace(reply)) return <p class="small">What it would have said after each loop can be asked of answers that ran to their end.</p>;
  if (known?.state === 'ready') return <Rows tokens={known.tokens} depths={reply.tokens.map(token => token.depth)} loops={loops} />;
  return (
    <p class="small">
      <button type="button" class="chip" disabled={known?.state === 'asking'} onClick={() => void look(reply)}>
        {known?.state === 'asking' ? 'Asking the model…' : 'What would it have said after each loop?'}
      </button>
      {known?.state === 'failed' && <span class="bad"> {known.error}</span>}
    </p>
  );
}

function Rows({ tokens, depths, loops }: { tokens: (TracedToken | undefined)[]; depths: number[]; loops: number }) {
  const [onlyDiffering, setOnlyDiffering] = useState(false);
  const [limit, setLimit] = useState(rowsAtOnce);
  const known = tokens.flatMap((token, at) => token ? [{ token, at }] : []);
  const differing = known.filter(row => disagrees(row.token));
  const rows = onlyDiffering ? differing : known;
  return (
    <div class="trace">
      <p class="small">
        {differing.length === 0 ? 'Every loop would have said the same.' : `At ${differing.length} of ${known.length} tokens a loop would have said something else.`}
        {differing.length > 0 && (
          <label><input type="checkbox" checked={onlyDiffering} onChange={event => setOnlyDiffering(event.currentTarget.checked)} /> only these</label>
        )}
      </p>
      <div class="wide" tabIndex={0} role="region" aria-label="What would have been said after each loop">
        <table>
          <thead>
            <tr><th>said</th>{Array.from({ length: loops }, (_, at) => <th key={at}>loop {at + 1}</th>)}</tr>
          </thead>
          <tbody>{rows.slice(0, limit).map(row => <Row key={row.at} token={row.token} depth={depths[row.at] ?? row.token.depth} loops={loops} />)}</tbody>
        </table>
      </div>
      {rows.length > limit && <button type="button" class="chip" onClick={() => setLimit(limit + rowsAtOnce)}>Show more ({rows.length - limit} left)</button>}
    </div>
  );
}

function Row({ token, depth, loops }: { token: TracedToken; depth: number; loops: number }) {
  return (
    <tr>
      <th scope="row"><code class={`token depth-${step(depth, loops)}`}>{visible(token.text)}</code></th>
      {token.said.map((said, at) => (
        <td key={at} class={at + 1 === depth ? 'read' : undefined} title={`exit chance ${percent(token.exit_chance[at] ?? 0)}`}>
          <code class={said.text === token.text ? 'faint' : 'differs'}>{visible(said.text)}</code> <span class="number faint">{percent(said.probability)}</span>
        </td>
      ))}
    </tr>
  );
}
