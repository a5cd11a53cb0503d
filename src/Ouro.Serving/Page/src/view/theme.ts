import { signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

/** Kept as bare text, since public/theme.js reads it before anything else runs. */
const key = 'ouro.theme';

export const theme = signal<Theme>(read());

/** The system's choice, then light, then dark. */
export function nextTheme(): void {
  theme.value = theme.value === 'system' ? 'light' : theme.value === 'light' ? 'dark' : 'system';
  const { dataset } = document.documentElement;
  if (theme.value === 'system') delete dataset.theme;
  else dataset.theme = theme.value;
  try {
    localStorage.setItem(key, theme.value);
  } catch {
    // Without storage the choice holds until the page is closed.
  }
}

function read(): Theme {
  const said = document.documentElement.dataset.theme;
  return said === 'light' || said === 'dark' ? said : 'system';
}
