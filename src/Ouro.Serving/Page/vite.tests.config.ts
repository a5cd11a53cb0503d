import { readdirSync } from 'node:fs';
import { defineConfig } from 'vite';

// Turns tests/*.test.ts into plain modules that Node's own test runner understands.
export default defineConfig({
  logLevel: 'warn',
  ssr: { noExternal: true },
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'node_modules/.page-tests',
    rollupOptions: {
      input: readdirSync('tests').filter(name => name.endsWith('.test.ts')).map(name => `tests/${name}`),
    },
  },
});
