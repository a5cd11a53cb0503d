import { signal } from '@preact/signals';

/** The turn whose question is being put differently; empty if none is. */
export const editing = signal('');
