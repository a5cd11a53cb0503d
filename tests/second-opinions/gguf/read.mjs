// Prints what Hugging Face's reader finds in a GGUF file, as JSON. Usage: node read.mjs FILE
//
// Every number and bool becomes a string, because JSON has no 64-bit integers and no infinities.
import { gguf } from "@huggingface/gguf";

const found = await gguf(process.argv[2], { allowLocalFile: true, typedMetadata: true });

const asText = value => Array.isArray(value) ? value.map(asText) : String(value);

console.log(JSON.stringify({
  version: asText(found.metadata.version),
  dataOffset: asText(found.tensorDataOffset),
  metadata: Object.entries(found.typedMetadata)
    .filter(([key]) => !["version", "tensor_count", "kv_count"].includes(key))
    .map(([key, entry]) => ({ key, type: entry.type, elementType: entry.subType ?? null, value: asText(entry.value) })),
  tensors: found.tensorInfos.map(tensor => ({
    name: tensor.name,
    sizesInnermostFirst: asText(tensor.shape),
    type: tensor.dtype,
    offset: asText(tensor.offset),
  })),
}));
