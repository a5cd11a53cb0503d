// A server that speaks the API without a model, for work on the page: `npm run mock`, then `npm run dev`.
// With a folder as its argument it also serves a built page, under the strictest policy that the page must live with.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { replyTo, tokensOf } from './replies.mjs';
import { traceOf } from './trace.mjs';

const [folder, port = '8787'] = [process.argv[2], process.argv[3]];
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
  + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

const loops = { 'nano:latest': 4, 'ouro-2.6b-thinking:q4_k_m': 4, 'deep:latest': 12 };
const loaded = new Set(['nano:latest']);

const json = (response, status, body) => response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
const wait = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

const routes = {
  'GET /api/version': (_, response) => json(response, 200, { version: '0.1.0-mock' }),
  'GET /api/ps': (_, response) => json(response, 200, { models: [...loaded].map(name => ({ name, model: name })) }),
  'GET /api/tags': (_, response) => json(response, 200, {
    models: Object.keys(loops).map((name, at) => ({
      name, model: name, modified_at: '2026-01-01T00:00:00Z', size: [2e6, 1.7e9, 3e8][at], digest: 'mock',
      details: { format: 'gguf', family: 'ouro', families: ['ouro'], parameter_size: ['1.0M', '2.6B', '310M'][at], quantization_level: ['F16', 'Q4_K_M', 'Q8_0'][at] },
    })),
  }),
  'POST /api/show': (body, response) => json(response, 200, {
    parameters: 'exit_threshold 0.5\ntemperature 0.7\nstop "<|im_end|>"', details: {}, template: '', modelfile: '',
    model_info: { 'general.architecture': 'ouro', 'ouro.num_loops': loops[body.model] ?? 4, 'ouro.context_length': 512 },
    capabilities: body.model.includes('thinking') ? ['completion', 'thinking'] : ['completion'],
  }),
  'POST /api/trace': async (body, response) => { await wait(300); json(response, 200, traceOf(body, loops[body.model] ?? 4)); },
  'POST /api/chat': chat,
};

async function chat(body, response) {
  const reply = replyTo(body.messages.at(-1).content, body);
  if (reply.status) return json(response, reply.status, { error: reply.error });
  await wait(loaded.has(body.model) ? 250 : 2500);
  loaded.add(body.model);
  await wait(reply.delay ?? 200);

  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  const say = line => response.write(`${JSON.stringify({ model: body.model, created_at: new Date(0).toISOString(), ...line })}\n`);
  const most = Math.min(body.options.num_iterations ?? loops[body.model], loops[body.model]);
  const tokens = tokensOf(reply, most, body.options.exit_threshold ?? 0.5);
  const started = performance.now();
  for (let at = 0; at < tokens.length;) {
    if (response.destroyed) return;
    const due = Math.max(at + 1, Math.ceil((performance.now() - started) / 1000 * (reply.rate ?? 60)));
    for (; at < Math.min(due, tokens.length); at++) {
      const { text, thinking } = tokens[at];
      say({ message: { role: 'assistant', content: thinking ? '' : text, ...(thinking ? { thinking: text } : {}) }, done: false, tokens: [tokens[at]] });
    }
    await wait(1000 / Math.min(reply.rate ?? 60, 200));
  }
  if (reply.breaksWith !== undefined) return reply.breaksWith === '' ? response.destroy() : response.end(`${JSON.stringify({ error: reply.breaksWith })}\n`);
  say(lastLine(tokens, most, performance.now() - started));
  response.end();
}

function lastLine(tokens, most, milliseconds) {
  const histogram = Array.from({ length: most }, (_, at) => tokens.filter(token => token.depth === at + 1).length);
  const sum = tokens.reduce((total, token) => total + token.depth, 0);
  return {
    message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', total_duration: milliseconds * 1e6, load_duration: 0,
    prompt_eval_count: 12, prompt_eval_duration: 1e8, eval_count: tokens.length, eval_duration: milliseconds * 1e6,
    depth: { mean: sum / tokens.length, loops: most, histogram, passes: Math.ceil(tokens.length * 1.31), rows: sum, drafts: tokens.length, drafts_kept: Math.floor(tokens.length * 0.86) },
    token_ids: tokens.map(token => token.id), prompt_token_ids: [1, 2, 3, 4, 5, 6],
  };
}

async function page(path, response) {
  const name = path === '/' ? 'index.html' : normalize(path).replace(/^[/\\]+/, '');
  try {
    if (!folder || name.startsWith('..')) throw new Error('nothing there');
    const bytes = await readFile(join(folder, name));
    response.writeHead(200, { 'Content-Type': types[extname(name)] ?? 'application/octet-stream', 'Content-Security-Policy': policy }).end(bytes);
  } catch {
    json(response, 404, { error: `There is nothing at ${path}.` });
  }
}

createServer(async (request, response) => {
  const path = new URL(request.url, 'http://mock').pathname;
  const route = routes[`${request.method} ${path}`];
  if (!route) return page(path, response);
  let text = '';
  for await (const part of request) text += part;
  await route(text === '' ? {} : JSON.parse(text), response);
}).listen(Number(port), '127.0.0.1', () => console.log(`mock server on http://127.0.0.1:${port}`));
