/** One model of `GET /api/tags`. */
export interface ModelEntry {
  name: string;
  size: number;
  details: { parameter_size?: string; quantization_level?: string };
}

/** What the page needs of `POST /api/show`. */
export interface ShownModel {
  capabilities?: string[];
  parameters?: string;
  system?: string;
  model_info?: Record<string, unknown>;
}

/** What a request can set; what is absent is the model's own. Draft depth: 0 is off, -1 finds out what pays. */
export interface Options {
  num_iterations?: number;
  exit_threshold?: number;
  min_loops?: number;
  draft_loops?: number;
  kv_policy?: string;
  temperature?: number;
  top_p?: number;
  top_k?: number;
  seed?: number;
  num_predict?: number;
}

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
  thinking?: string;
}

export interface ChatRequest {
  model: string;
  messages: ChatMessage[];
  options: Options;
  think?: boolean;
}

/** A token of a reply. Its text is empty while a character is incomplete. Depth counts loops from 1. */
export interface Token {
  text: string;
  id: number;
  depth: number;
  thinking?: boolean;
}

/** What a whole reply cost. `histogram[i]` counts tokens read after loop i + 1. */
export interface DepthReport {
  mean: number;
  loops: number;
  histogram: number[];
  passes: number;
  rows: number;
  drafts: number;
  drafts_kept: number;
}

/** One line of a streamed reply; all after `done` are there only in the last one. Durations in nanoseconds. */
export interface ChatLine {
  content: string;
  thinking: string;
  tokens: Token[];
  done: boolean;
  done_reason?: string;
  load_duration?: number;
  prompt_eval_count?: number;
  prompt_eval_duration?: number;
  eval_count?: number;
  eval_duration?: number;
  depth?: DepthReport;
  token_ids?: number[];
  prompt_token_ids?: number[];
}

export interface Guess {
  text: string;
  probability: number;
}

/** What would have been said after one loop, and the likeliest candidates. */
export interface Said extends Guess {
  top: Guess[];
}

/** One token of a traced reply: exit chances and read-outs, one per loop, at the position before it. */
export interface TracedToken {
  id: number;
  text: string;
  depth: number;
  exit_chance: number[];
  said: Said[];
}

export interface Trace {
  loops: number;
  tokens: TracedToken[];
}
