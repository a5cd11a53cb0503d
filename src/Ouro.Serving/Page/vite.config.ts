import { defineConfig } from 'vite';

/** Where `npm run dev` finds a server: the mock's address, or that of a running `ouro serve`. */
const server = process.env.OURO_SERVER ?? 'http://127.0.0.1:8787';

export default defineConfig({
  base: './', // so that the page also works behind a proxy's sub-path
  build: {
    outDir: 'node_modules/.built', // where git ignores it; the program's build names a folder of its own
    target: 'es2022',
    assetsInlineLimit: 0, // data: addresses would need a wider content security policy
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 400,
  },
  server: { proxy: { '/api': server } },
});
