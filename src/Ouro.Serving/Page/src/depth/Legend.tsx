import { step } from './statistics';

/** Which colour stands for which loop. Thickness says the same as colour does, for eyes that see few colours. */
export function Legend({ loops }: { loops: number }) {
  const shown = loops <= 8 ? Array.from({ length: loops }, (_, at) => at + 1) : [1, 2, 3, 4, 5, 6, 7, 8].map(at => Math.round(1 + (at - 1) * (loops - 1) / 7));
  return (
    <p class="legend">
      <span>read after loop</span>
      {shown.map(depth => <span key={depth} class={`token depth-${step(depth, loops)}`}>{depth}</span>)}
    </p>
  );
}
