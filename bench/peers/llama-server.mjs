// Drives llama.cpp through node-llama-cpp's compiled binding: one JSON command a line on standard input, one JSON answer a line on standard output.
// Nothing is sampled and no text is made: what is timed is llama_decode with the logits of the last token, from call to return.
//
//   {"do":"open","file":F,"threads":N,"context":N,"flash":bool,"cache":"f16"|"q8_0"}  -> {"seconds":S,...}
//   {"do":"decode","count":N,"depth":N}    N times one token behind `depth` tokens    -> {"seconds":[...]}
//   {"do":"batch","rows":N,"depth":N,"count":N}  N tokens of one sequence at once     -> {"seconds":[...]}
//   {"do":"memory"}, {"do":"close"}
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

const addonPath = resolve(process.argv[2]);
const types = { f32: 0, f16: 1, q8_0: 8 };
const addon = createRequire(import.meta.url)(addonPath);
const log = [];
addon.setLogger((_, message) => log.push(message));
addon.setLoggerLogLevel(5);
addon.loadBackends();
if (addon.getGpuType() == null)
    addon.loadBackends(dirname(addonPath));
await addon.init();

let model, context, held = 0, batch = 0;

async function open({ file, threads, context: size, flash, cache, mmap }) {
    await close();
    const start = process.hrtime.bigint();
    model = new addon.AddonModel(file, { addonExports: addon, gpuLayers: 0, useMmap: mmap ?? true });
    if (!await model.init())
        throw new Error(`llama.cpp cannot open ${file}`);
    const type = types[cache ?? "f16"];
    batch = Math.min(size, 512);
    context = new addon.AddonContext(model, {
        contextSize: size, batchSize: batch, sequences: 1, flashAttention: flash, threads, kvCacheKeyType: type, kvCacheValueType: type,
    });
    if (!await context.init())
        throw new Error(`llama.cpp makes no context for ${file}`);
    held = 0;
    return { seconds: since(start), memory: memory() };
}

async function close() {
    await context?.dispose();
    await model?.dispose();
    context = model = undefined;
    return {};
}

const since = start => Number(process.hrtime.bigint() - start) / 1e9;

/** Evaluates `count` tokens from position `start` on, with the logits of the last one; seconds. */
async function evaluate(start, count) {
    context.initBatch(count);
    context.addToBatch(0, start, Uint32Array.from({ length: count }, (_, i) => 5 + (start + i) * 7919 % 40000), Uint32Array.of(count - 1));
    const began = process.hrtime.bigint();
    await context.decodeBatch();
    return since(began);
}

/** Makes the cache hold exactly `depth` tokens. */
async function fill(depth) {
    if (held > depth)
        context.removeTokenCellsFromSequence(0, depth, -1);
    for (held = Math.min(held, depth); held < depth;) {
        const count = Math.min(batch, depth - held);
        await evaluate(held, count);
        held += count;
    }
}

async function repeat({ rows = 1, depth = 0, count }) {
    const seconds = [];
    for (let i = 0; i < count; i++) {
        await fill(depth);
        seconds.push(await evaluate(depth, rows));
        held = depth + rows;
    }
    return { seconds };
}

function memory() {
    const fields = Object.fromEntries(readFileSync("/proc/self/status", "utf8").split("\n").map(line => line.split(/:\s+/)));
    const kib = name => parseInt(fields[name]) * 1024;
    return { resident: kib("VmRSS"), peak: kib("VmHWM"), own: kib("RssAnon") };
}

const commands = {
    open, close, memory, decode: repeat, batch: repeat,
    about: () => ({ system: addon.systemInfo(), log: log.splice(0) }),
    threads: ({ threads }) => (context.setThreads(threads), { threads: context.getThreads() }),
};

for await (const line of createInterface({ input: process.stdin })) {
    let answer;
    try {
        const command = JSON.parse(line);
        answer = await commands[command.do](command);
    } catch (problem) {
        answer = { error: String(problem.message ?? problem) };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
}
