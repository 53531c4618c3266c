import { defineConfig } from 'vitest/config';

export default defineConfig({
  build: {
    target: ['chrome111', 'firefox115', 'safari16.4'],
    lib: { entry: 'src/ameyo-sdk.ts', formats: ['es'], fileName: () => 'ameyo-sdk.js' },
    minify: true,
    reportCompressedSize: false,
  },
  test: {
    environment: 'jsdom',
    include: ['tests/**/*.test.ts'],
    typecheck: { enabled: true, include: ['tests/**/*.test-d.ts'], tsconfig: './tsconfig.json' },
    restoreMocks: true,
  },
});
