import { defineConfig } from 'vitest/config';

export default defineConfig({
  build: {
    target: ['chrome111', 'firefox115', 'safari16.4'],
    lib: { entry: 'src/ameyo-sdk.ts', formats: ['es'], fileName: () => 'ameyo-sdk.js' },
    minify: true,
    // Without paths of this machine: sources are named from here, with what is in them.
    sourcemap: true,
    reportCompressedSize: false,
  },
  test: {
    environment: 'jsdom',
    include: ['tests/**/*.test.ts'],
    typecheck: { enabled: true, include: ['tests/**/*.test-d.ts'], tsconfig: './tsconfig.json' },
    restoreMocks: true,
  },
});
