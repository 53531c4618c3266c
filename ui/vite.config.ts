import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// `vite build --mode fixture` builds the screens with scripted views for screenshots
// (into a directory of its own); the production bundle holds no fixture.
export default defineConfig(({ mode, command }) => {
  const fixtures = command === 'serve' || mode === 'fixture';
  return {
    plugins: [svelte()],
    base: './',
    define: { __FIXTURES__: JSON.stringify(fixtures) },
    clearScreen: false,
    build: {
      target: ['safari17.5', 'chrome123'],
      outDir: 'dist',
      emptyOutDir: true,
      reportCompressedSize: false,
      modulePreload: { polyfill: false },
      rollupOptions: {
        input: ['index.html', 'toolbar/index.html', 'toolbar/bridge.html', 'workspace/index.html'],
      },
    },
    resolve: mode === 'test' ? { conditions: ['browser'] } : {},
    test: {
      environment: 'jsdom',
      include: ['tests/**/*.test.ts'],
      setupFiles: ['tests/setup.ts'],
      restoreMocks: true,
    },
  };
});
