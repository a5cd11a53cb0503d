// Drives llama.cpp through node-llama-cpp's compiled binding: one JSON command a line on standard input, one JSON answer a line on standard output.
// Nothing is sampled and no text is made: what is timed is llama_decode, with the logits of the last token, from call to return.
//
//   {"do":"about"}                -> {"cpu":"zen4","system":"AVX2 = 1 | ..."}
//   {"do":"open","file":PATH}     -> {"seconds":S}
//   {"do":"evaluate","threads":N,"flash":BOOL,"cache":"f16","rows":N,"depth":N,"sequences":N,"time":SECONDS}  -> {"seconds":[S,...]}
//        `rows` tokens of every sequence at once behind `depth` tokens of context, again and again for about `time` seconds, once at least
//   {"do":"memory"}               -> {"resident":BYTES,"peak":BYTES,"own":BYTES}
//
// Contexts are made when they are first asked for and kept until the next file, one for every setting and depth, so that these can take turns
// within milliseconds.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

const ggmlTypes = { f32: 0, f16: 1, q8_0: 8 };
const largestBatch = 512;
const spareTokens = 64;

const addonPath = resolve(process.argv[2]);
const addon = createRequire(import.meta.url)(addonPath);
const log = [];
addon.setLogger((_, message) => log.push(message));
addon.setLoggerLogLevel(5);
addon.loadBackends();
if (addon.getGpuType() == null)
    addon.loadBackends(dirname(addonPath));
await addon.init();

let model;
const contexts = new Map();

const since = start => Number(process.hrtime.bigint() - start) / 1e9;

async function open({ file }) {
    for (const { context } of contexts.values())
        await context.dispose();
    contexts.clear();
    await model?.dispose();
    const start = process.hrtime.bigint();
    model = new addon.AddonModel(file, { addonExports: addon, gpuLayers: 0, useMmap: true });
    if (!await model.init())
        throw new Error(`llama.cpp cannot open ${file}: ${log.slice(-3).join(" ")}`);
    return { seconds: since(start) };
}

async function contextOf({ threads, flash, cache, depth, rows, sequences }) {
    const size = depth + rows + spareTokens;
    const key = JSON.stringify([threads, flash, cache, depth, rows, sequences]);
    if (!contexts.has(key)) {
        const type = ggmlTypes[cache];
        const context = new addon.AddonContext(model, {
            contextSize: size * sequences, batchSize: Math.min(size * sequences, largestBatch), sequences, threads, flashAttention: flash, kvCacheKeyType: type, kvCacheValueType: type,
        });
        if (!await context.init())
            throw new Error(`llama.cpp makes no context with ${key}: ${log.slice(-3).join(" ")}`);
        contexts.set(key, { context, sequences, held: 0 });
    }
    return contexts.get(key);
}

/** Evaluates `count` tokens of every sequence behind those held, with the logits of the last one of each; seconds. */
async function step(place, count) {
    const { context, sequences, held } = place;
    context.initBatch(count * sequences);
    for (let sequence = 0; sequence < sequences; sequence++)
        context.addToBatch(
            sequence, held, Uint32Array.from({ length: count }, (_, i) => 5 + (held + i + 31 * sequence) * 7919 % 40000), Uint32Array.of(count - 1));
    const start = process.hrtime.bigint();
    await context.decodeBatch();
    place.held += count;
    return since(start);
}

/** Makes the cache hold exactly `depth` tokens. */
async function fill(place, depth) {
    if (place.held > depth) {
        for (let sequence = 0; sequence < place.sequences; sequence++)
            place.context.removeTokenCellsFromSequence(sequence, depth, -1);
        place.held = depth;
    }
    while (place.held < depth)
        await step(place, Math.min(Math.floor(largestBatch / place.sequences), depth - place.held));
}

async function evaluate(command) {
    const place = await contextOf({ sequences: 1, ...command });
    const seconds = [];
    const start = process.hrtime.bigint();
    do {
        await fill(place, command.depth);
        seconds.push(await step(place, command.rows));
    } while (since(start) < command.time);
    return { seconds };
}

function memory() {
    const fields = Object.fromEntries(readFileSync("/proc/self/status", "utf8").split("\n").map(line => line.split(/:\s+/)));
    const bytes = name => parseInt(fields[name]) * 1024;
    return { resident: bytes("VmRSS"), peak: bytes("VmHWM"), own: bytes("RssAnon") };
}

function about() {
    const loaded = log.join("").match(/libggml-cpu-?([\w.]*?)\.(?:so|dylib|dll)/);
    return { cpu: loaded?.[1] ?? "the only one", system: addon.systemInfo() };
}

const commands = { about, open, evaluate, memory };
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
