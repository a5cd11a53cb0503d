interface Props<T> {
  label: string;
  choices: { value: T; label: string }[];
  value: T;
  disabled?: boolean;
  onChoose: (value: T) => void;
}

/** One of a few, side by side; radio buttons underneath, so that arrow keys work. */
export function Segments<T extends string | number>({ label, choices, value, disabled, onChoose }: Props<T>) {
  return (
    <div class="segments" role="radiogroup" aria-label={label}>
      {choices.map(choice => (
        <label key={choice.value} class={choice.value === value ? 'on' : undefined}>
          <input type="radio" name={`segments-${label}`} checked={choice.value === value} disabled={disabled} onChange={() => onChoose(choice.value)} />
          {choice.label}
        </label>
      ))}
    </div>
  );
}
