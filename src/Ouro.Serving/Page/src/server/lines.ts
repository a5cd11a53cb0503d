import { ServerError } from './reply';

/** No honest line comes near this; a longer one would only fill the memory. */
const longestLine = 64 * 1024 * 1024;

/**
 * The lines of a stream of UTF-8 bytes, without their ends, empty ones left out. A character or a line may be cut anywhere
 * between two chunks. Leaving the loop early closes the stream.
 */
export async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const parts = rest.split('\n');
      rest = done ? '' : parts.pop() ?? '';
      for (const part of parts) if (part.trim() !== '') yield part;
      if (done) return;
      if (rest.length > longestLine) throw new ServerError('The server sent a line of more than 64 MB; the answer ends here.');
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
