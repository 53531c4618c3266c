/** What the centre refused, in its own words. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * Asks the centre. `body`: a File or Blob goes as it is, everything else as JSON.
 * Throws Refused, also when the centre cannot be reached.
 */
export async function ask(method, path, body) {
  const packed = body instanceof Blob;
  const init = { method, headers: { 'X-Omnibar-Admin': '1' }, cache: 'no-store', credentials: 'same-origin' };
  if (body !== undefined) {
    init.headers['Content-Type'] = packed ? 'application/zip' : 'application/json';
    init.body = packed ? body : JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(`/admin/api/${path}`, init);
  } catch {
    throw new Refused(0, 'The centre cannot be reached. Check the connection and try again.');
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, answer.message ?? `The centre answered ${response.status}.`);
  return answer;
}
