import { CopyButton } from '../view/CopyButton';
import { highlight } from './highlight';

export function CodeBlock({ code, language }: { code: string; language: string }) {
  return (
    <figure class="code">
      <figcaption>
        <span>{language.slice(0, 24) || 'text'}</span>
        <CopyButton text={code} label="Copy the code" />
      </figcaption>
      <pre tabIndex={0}>
        <code>{highlight(code, language).map(piece => piece.kind === 'plain' ? piece.text : <span class={`code-${piece.kind}`}>{piece.text}</span>)}</code>
      </pre>
    </figure>
  );
}
