import { textOf } from './replies.mjs';

const others = [' the', ' a', '2', ' is', ' not', '\n', ' 7', ' or'];

/** Made-up exit chances and read-outs: before its depth a token may have been another one. */
export function traceOf({ token_ids: ids }, loops) {
  return {
    loops,
    tokens: ids.map((id, at) => {
      const text = textOf(id);
      const peak = 1 + (id * 7919) % 97 / 97 * (loops - 1);
      const weights = Array.from({ length: loops }, (_, loop) => Math.exp(-1.2 * Math.abs(loop + 1 - peak)));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return {
        id, text, depth: Math.ceil(peak),
        exit_chance: weights.map(weight => weight / total),
        said: weights.map((_, loop) => {
          const right = loop + 1 >= peak - 0.6 || (id + at) % 3 > 0;
          const other = others[(id + loop) % others.length];
          const probability = Math.min(0.98, 0.35 + 0.5 * (loop + 1) / loops);
          const said = { text: right ? text : other, probability };
          return { ...said, top: [said, { text: right ? other : text, probability: (1 - probability) / 2 }, { text: ' …', probability: (1 - probability) / 5 }] };
        }),
      };
    }),
  };
}
