// The module that CRM pages import: `/omniapp/sdk/ameyo-sdk.js`.
import { failure } from './errors.js';
import { baseUrl, createHandle, type OmniSdk, type Root } from './handle.js';
import type { Config } from './types.js';

const HANDLES = Symbol.for('omnibar.sdk.handles');
const shared = globalThis as { [HANDLES]?: Map<string, OmniSdk> };
// Shared by every copy of the module in the page: one frame, one handle.
const handles = (shared[HANDLES] ??= new Map());
let base = home(import.meta.url);

/** Throws an `SdkError` when the config cannot be used. (API-01) */
export function initialize(config: Config): OmniSdk {
  const wanted: Partial<Config> = config ?? {};
  for (const field of ['context', 'origin'] as const) {
    if (!wanted[field]) throw failure('REQUIRED_FIELD_MISSING', `${field} is required`);
  }
  const { context, instanceId = 'ameyoIframe' } = config;
  if (context !== 'crm' && context !== 'app') {
    throw failure('REQUIRED_FIELD_MISSING', 'context must be crm or app');
  }
  const own = self.origin;
  const said = URL.canParse(config.origin) ? new URL(config.origin).origin : config.origin;
  // A sandboxed page has the origin `null`, whatever its address.
  if (said !== own && own !== 'null') {
    throw failure('INVALID_ORIGIN', `origin is ${said}, but this page is ${own}`);
  }
  const start = config.baseUrl ? baseUrl(config.baseUrl) : base;
  const handle = handles.get(instanceId) ?? createHandle({ ...config, origin: own }, instanceId, start);
  handles.set(instanceId, handle);
  return handle;
}

/** For handles that are there, and for those to come. (API-02) */
export async function setBaseUrl(url: string): Promise<void> {
  base = baseUrl(url);
  await Promise.all([...handles.values()].map((handle) => handle.setBaseUrl(url)));
}

/** (API-03) */
export async function getBaseUrl(): Promise<string> {
  return newest()?.getBaseUrl() ?? base;
}

/** (API-04) */
export async function onLoadHandler(isLoading: boolean): Promise<void> {
  const handle = newest();
  if (!handle) throw failure('REQUIRED_FIELD_MISSING', 'call initialize first');
  await handle.onLoadHandler(isLoading);
}

const sdk: Root & { initialize: typeof initialize } = { initialize, setBaseUrl, getBaseUrl, onLoadHandler };
export default sdk;

export * from './types.js';
export type { Context, ErrorType, Rights, SdkError, Way } from './messages.js';
export type * from './generated.js';
export type { OmniSdk, Registry, Root } from './handle.js';

function newest(): OmniSdk | undefined {
  return [...handles.values()].at(-1);
}

// `<base>/omniapp/sdk/ameyo-sdk.js`
function home(address: string): string {
  const at = address.indexOf('/omniapp/sdk/');
  return at > 0 ? address.slice(0, at) : new URL(address).origin;
}
