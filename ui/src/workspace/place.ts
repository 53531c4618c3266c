/** What the workspace shows: told in the fragment of its own address by the app's window. */
export interface Place {
  /** The CRM's page; `null`: none is set up, or the address is not of the web. */
  crm: string | null;
  apps: CustomApp[];
}

export interface CustomApp {
  name: string;
  version: string;
  slot: string;
}

/** Where the centre serves it. */
export function appPath({ name, version }: CustomApp): string {
  return `/si/${encodeURIComponent(name)}/${encodeURIComponent(version)}/`;
}

/**
 * Reads `#crm=<URL>&app=<name>/<version>/<slot>&app=…`. A link with another fragment can
 * only choose what is framed, never what it may do.
 */
export function readPlace(fragment: string): Place {
  const said = new URLSearchParams(fragment.replace(/^#/, ''));
  const apps = said.getAll('app').flatMap((text) => {
    const [name, version, slot] = text.split('/');
    return isPart(name) && isPart(version) ? [{ name, version, slot: slot ?? '' }] : [];
  });
  return { crm: webUrl(said.get('crm')), apps };
}

/** Only pages of the web: no scripts, no files. */
function webUrl(text: string | null): string | null {
  if (!text || !URL.canParse(text)) return null;
  const url = new URL(text);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
}

function isPart(text: string | undefined): text is string {
  return text !== undefined && /^[\w][\w.-]{0,63}$/.test(text);
}
