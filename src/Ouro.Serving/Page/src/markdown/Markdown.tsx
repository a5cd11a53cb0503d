import { memo } from '../view/memo';
import { useRef } from 'preact/hooks';
import { Blocks, longestMarkdown } from './blocks';
import { render } from './render';

/** An answer's Markdown. While it grows, only its last block is parsed and compared again. */
export function Markdown({ source }: { source: string }) {
  const blocks = useRef<Blocks>(null);
  blocks.current ??= new Blocks();
  if (source.length > longestMarkdown) return <pre class="plain" dir="auto">{source}</pre>;
  return <div class="markdown">{blocks.current.of(source).map((block, at) => <Block key={at} source={block} />)}</div>;
}

const Block = memo(function Block({ source }: { source: string }) {
  return <>{safely(source)}</>;
});

/** No input is known that the parser fails on; if there is one, its text is still readable. */
function safely(source: string) {
  try {
    return render(source);
  } catch {
    return <pre class="plain" dir="auto">{source}</pre>;
  }
}
