const COMMON = ['allow-scripts', 'allow-forms', 'allow-modals', 'allow-downloads'];

/**
 * What a framed page may do. None may lead the workspace itself elsewhere. A custom app
 * is served from the centre's origin, so it gets none: it could read the toolbar's
 * tokens there. The CRM keeps its own, and its sign-in may open windows.
 */
export function sandboxOf(app: string): string {
  if (app) return COMMON.join(' ');
  return [...COMMON, 'allow-same-origin', 'allow-popups', 'allow-popups-to-escape-sandbox'].join(' ');
}
