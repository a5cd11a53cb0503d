import { percent, step } from './statistics';

/** How many tokens were read after each loop, as bars that lie. */
export function Histogram({ counts }: { counts: number[] }) {
  const total = Math.max(1, counts.reduce((sum, count) => sum + count, 0));
  const most = Math.max(1, ...counts);
  return (
    <table class="histogram">
      <caption>Where tokens were read</caption>
      <tbody>
        {counts.map((count, at) => (
          <tr key={at}>
            <th scope="row">loop {at + 1}</th>
            <td>
              <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                <rect class="track" width="100" height="10" />
                <rect class={`fill-${step(at + 1, counts.length)}`} width={100 * count / most} height="10" />
              </svg>
            </td>
            <td class="number">{count} <span class="faint">{percent(count / total)}</span></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
