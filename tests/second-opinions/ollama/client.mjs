// node client.mjs HOST SCENARIO [MODEL [OTHER]]: runs one scenario with the Ollama client and prints what it saw as JSON.
import { Ollama } from "ollama";

const [host, scenario, model, other] = process.argv.slice(2);
const ollama = new Ollama({ host });
const greedy = { temperature: 0, repeat_penalty: 1 };
const question = "Who are you?";
const messages = [{ role: "user", content: question }];

async function collect(stream) {
  const parts = [];
  for await (const part of await stream) parts.push(part);
  return parts;
}

async function failure(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return { name: error.name, message: error.message, status: error.status_code ?? null };
  }
}

const scenarios = {
  list: () => ollama.list(),
  show: () => ollama.show({ model }),
  ps: async () => {
    await ollama.generate({ model, prompt: "Hi", options: { ...greedy, num_predict: 1 } });
    return ollama.ps();
  },
  version: () => ollama.version(),
  generate: async () => ({
    whole: await ollama.generate({ model, prompt: question, options: greedy }),
    parts: await collect(ollama.generate({ model, prompt: question, options: greedy, stream: true })),
  }),
  chat: async () => ({
    whole: await ollama.chat({ model, messages, think: false, options: greedy }),
    parts: await collect(ollama.chat({ model, messages, think: false, options: greedy, stream: true })),
  }),
  loops: async () => ({
    one: await ollama.chat({ model, messages, options: { ...greedy, num_iterations: 1 } }),
    three: await ollama.chat({ model, messages, options: { ...greedy, num_iterations: 3, exit_threshold: 1 } }),
  }),
  embed: async () => ({
    one: await ollama.embed({ model, input: "two plus two" }),
    two: await ollama.embed({ model, input: ["two plus two", "a dog"] }),
  }),
  abort: async () => {
    const stream = await ollama.generate({ model, prompt: "b b", raw: true, stream: true, options: { temperature: 0, repeat_penalty: 1, num_ctx: 16384 } });
    let parts = 0;
    const ended = await failure((async () => {
      for await (const _ of stream) {
        parts++;
        stream.abort();
      }
    })());
    return { parts, ended };
  },
  errors: async () => ({
    missing: await failure(ollama.chat({ model: "nowhere", messages })),
    wrong: await failure(ollama.chat({ model, messages, options: { temperature: "hot" } })),
    missingStream: await failure(ollama.generate({ model: "nowhere", prompt: "Hi", stream: true })),
  }),
  create: () => collect(ollama.create({
    model: other, from: model, system: "Be short.", parameters: { temperature: 0, num_predict: 3, stop: ["never"] }, stream: true,
  })),
  copy: () => ollama.copy({ source: model, destination: other }),
  delete: () => ollama.delete({ model }),
  pull: () => collect(ollama.pull({ model, stream: true })),
};

if (!Object.hasOwn(scenarios, scenario)) {
  console.error(`There is no scenario '${scenario}'; there are ${Object.keys(scenarios).join(", ")}.`);
  process.exit(2);
}

console.log(JSON.stringify(await scenarios[scenario]()));
