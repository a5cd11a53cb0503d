import { lines } from './lines';
import { isRecord, readLine, sentenceOf, ServerError } from './reply';
import type { ChatLine, ChatRequest, ModelEntry, Options, ShownModel, Trace } from './types';

/** The models that the server has. */
export async function listModels(): Promise<ModelEntry[]> {
  const body = await json<{ models?: ModelEntry[] }>('api/tags');
  return (body.models ?? []).map(model => ({ name: String(model.name), size: Number(model.size) || 0, details: model.details ?? {} }));
}

export function showModel(model: string): Promise<ShownModel> {
  return json('api/show', { model });
}

/** False if the model has yet to be read from disk; true if it is in memory, or if the server cannot tell. */
export async function isLoaded(model: string): Promise<boolean> {
  try {
    const body = await json<{ models?: { name?: string; model?: string }[] }>('api/ps');
    return (body.models ?? []).some(loaded => same(loaded.name, model) || same(loaded.model, model));
  } catch {
    return true;
  }
}

/** Whether two names mean one model; a name without a tag means the latest. */
const same = (one: string | undefined, other: string): boolean => one?.replace(/:latest$/, '') === other.replace(/:latest$/, '');

/** A reply, line by line; the last line is `done`. Aborting the signal closes the request, and the server stops. */
export async function* chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatLine> {
  const response = await ask('api/chat', { ...request, stream: true, token_depths: true }, signal);
  if (!response.body) throw new ServerError('The server sent an empty answer.');
  try {
    for await (const text of lines(response.body)) {
      const line = readLine(text);
      yield line;
      if (line.done) return;
    }
  } catch (error) {
    if (signal.aborted || error instanceof ServerError) throw error;
    throw new ServerError('The connection to the server was lost before the answer was complete.');
  }
  throw new ServerError('The answer broke off before its end.');
}

/** For every token of a reply: the exit chances before it, and what would have been said there after each loop. */
export async function trace(model: string, promptIds: number[], ids: number[], options: Options): Promise<Trace> {
  const { num_iterations, exit_threshold } = options;
  const asked = { model, prompt_token_ids: promptIds, token_ids: ids, options: { num_iterations, exit_threshold } };
  const body = await json<Trace>('api/trace', asked);
  if (!Array.isArray(body.tokens)) throw new ServerError('The server does not know how to trace an answer; it may be of another version.');
  return body;
}

async function json<T>(path: string, body?: object): Promise<T> {
  const response = await ask(path, body);
  try {
    return await response.json() as T;
  } catch {
    throw new ServerError(`The server's answer to ${path} is not JSON; something else may be listening at this address.`);
  }
}

async function ask(path: string, body?: object, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, body === undefined
      ? { signal }
      : { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ServerError('The server does not answer. See whether “ouro serve” is still running, then try again.');
  }
  if (!response.ok) throw new ServerError(await refusal(response));
  return response;
}

async function refusal(response: Response): Promise<string> {
  try {
    const body: unknown = await response.json();
    if (isRecord(body) && body.error !== undefined) return sentenceOf(body.error);
  } catch {
    // Not JSON: a proxy's page, say. The status is all there is to tell.
  }
  return `The server refused with status ${response.status}.`;
}
