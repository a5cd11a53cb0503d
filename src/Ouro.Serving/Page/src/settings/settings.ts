import type { Reply } from '../chat/conversation';
import type { Options, ShownModel } from '../server/types';

/** One thing that can be set, described once: the drawer and the account of an answer are drawn from here. */
export interface Setting {
  name: keyof Options;
  label: string;
  help: string;
  kind: 'slider' | 'choice' | 'number';
  /** What holds if neither a person nor the model says anything. */
  usual: number | string;
  low?: number;
  high?: number;
  step?: number;
  choices?: { value: number | string; label: string }[];
  /** What a number field shows while it is empty. */
  empty?: string;
}

export interface Group {
  title: string;
  settings: Setting[];
}

/** The settings of a model with so many loops. */
export function settingsFor(loops: number): Group[] {
  const drafts = Array.from({ length: Math.max(0, Math.min(loops - 1, 8)) }, (_, at) => ({ value: at + 1, label: `after ${at + 1}` }));
  return [
    {
      title: 'Depth',
      settings: [
        { name: 'num_iterations', label: 'Loops', kind: 'slider', usual: loops, low: 1, high: loops, step: 1,
          help: 'The most times a token goes through the layers.' },
        { name: 'exit_threshold', label: 'Exit threshold', kind: 'slider', usual: 1, low: 0.05, high: 1, step: 0.05,
          help: 'A token is read at the first loop where the chance of having stopped reaches this; 1 never exits early.' },
        { name: 'min_loops', label: 'Fewest loops', kind: 'slider', usual: 1, low: 1, high: loops, step: 1,
          help: 'No token is read before this loop.' },
        { name: 'draft_loops', label: 'Guess ahead', kind: 'choice', usual: -1,
          choices: [{ value: -1, label: 'auto' }, { value: 0, label: 'off' }, ...drafts],
          help: 'The loop after which the next token is guessed and begun; this saves time and never changes the text.' },
        { name: 'kv_policy', label: 'Keys and values', kind: 'choice', usual: 'exact',
          choices: [{ value: 'exact', label: 'exact' }, { value: 'last-exited', label: 'last exited' }, { value: 'last-loop', label: 'last loop' }],
          help: 'What a token that exits leaves for later ones: everything, what its last loop left, or one loop for all (least memory).' },
      ],
    },
    {
      title: 'Choosing words',
      settings: [
        { name: 'temperature', label: 'Temperature', kind: 'slider', usual: 0.8, low: 0, high: 2, step: 0.05,
          help: 'Higher is more surprising; 0 always takes the likeliest token.' },
        { name: 'top_p', label: 'Top p', kind: 'slider', usual: 0.9, low: 0.05, high: 1, step: 0.05,
          help: 'Chooses among the fewest likeliest tokens that together have this probability.' },
        { name: 'top_k', label: 'Top k', kind: 'slider', usual: 40, low: 0, high: 200, step: 1,
          help: 'Chooses among this many of the likeliest tokens; 0 among all.' },
        { name: 'seed', label: 'Seed', kind: 'number', usual: '', low: 0, high: 2 ** 31 - 1, empty: 'random',
          help: 'The same seed, settings and question give the same answer.' },
        { name: 'num_predict', label: 'Most tokens', kind: 'number', usual: '', low: 1, high: 2 ** 28, empty: 'what fits',
          help: 'Where the answer is cut off; without a number, the context is the limit.' },
      ],
    },
  ];
}

/** What the model itself says about a setting, from its Modelfile's parameters or its file; else what is usual. */
export function defaultOf(setting: Setting, model: ShownModel | undefined): number | string {
  const said = parametersOf(model?.parameters).get(setting.name)
    ?? (setting.name === 'exit_threshold' ? numberOrNothing(model?.model_info?.['ouro.early_exit.threshold']) : undefined);
  if (said === undefined) return setting.usual;
  if (setting.name === 'num_predict' && Number(said) < 0) return '';
  const number = Number(said);
  return setting.kind === 'slider' ? (Number.isFinite(number) ? number : setting.usual) : Number.isFinite(number) ? number : said;
}

/** The lines of a Modelfile's parameters, "temperature 0.6", by name. */
export function parametersOf(text: string | undefined): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const line of (text ?? '').split('\n')) {
    const [, name, value] = /^\s*(?:PARAMETER\s+)?([a-z_]+)\s+"?([^"]*?)"?\s*$/i.exec(line) ?? [];
    if (name && value !== undefined) parameters.set(name.toLowerCase(), value);
  }
  return parameters;
}

/** Which model answered, and with which settings that were not its own. */
export function describeOptions(reply: Reply): string {
  const labels = new Map(settingsFor(8).flatMap(group => group.settings).map(setting => [setting.name, setting]));
  const set = Object.entries(reply.options).map(([name, value]) => {
    const setting = labels.get(name as keyof Options);
    const choice = setting?.choices?.find(one => one.value === value)?.label;
    return `${(setting?.label ?? name).toLowerCase()} ${choice ?? value}`;
  });
  return `${reply.model}, ${set.length === 0 ? 'with its own settings' : `with ${set.join(', ')}`}.`;
}

function numberOrNothing(value: unknown): string | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? String(Math.round(value * 1e4) / 1e4) : undefined;
}
