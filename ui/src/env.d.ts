/// <reference types="svelte" />
/// <reference types="vite/client" />

/** True in development and in the screenshot build; false in the product. */
declare const __FIXTURES__: boolean;
