// Renders chat templates with Hugging Face's JavaScript library. Usage: node render.mjs NOW, where NOW is what strftime_now takes for the
// present. Reads lines of JSON, {"template": ..., "context": {...}}, from standard input and prints a line of JSON for each: {"text": ...},
// or {"error": ...}.
import { createInterface } from "node:readline";
import { Template } from "@huggingface/jinja";

globalThis.Date = class extends Date {
  constructor(...given) {
    super(...(given.length > 0 ? given : [process.argv[2]]));
  }
};

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { template, context } = JSON.parse(line);
  let answer;
  try {
    answer = { text: new Template(template).render(context) };
  } catch (error) {
    answer = { error: String(error.message ?? error) };
  }

  console.log(JSON.stringify(answer));
}
