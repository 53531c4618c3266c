// The administrator, in the page at /admin/: its session, its origin.
export class Admin {
  static async open(chrome, centre, user = 'admin', password = 'demo') {
    const self = new Admin();
    self.page = await chrome.page(`${centre.page}/admin/`);
    await self.send('POST', '/session', { user, password });
    return self;
  }

  /** What the page's script would send; throws what the centre refuses. */
  async send(method, path, body) {
    const answer = await this.page.evaluate(async ([method, path, body]) => {
      const binary = body && typeof body === 'object' && body.base64;
      const response = await fetch(`/admin/api${path}`, {
        method,
        headers: { 'x-omnibar-admin': '1', ...(body === undefined || binary ? {} : { 'content-type': 'application/json' }) },
        body: body === undefined ? undefined : binary ? Uint8Array.from(atob(body.base64), (c) => c.charCodeAt(0)) : JSON.stringify(body),
      });
      const text = await response.text();
      return { status: response.status, value: text ? JSON.parse(text) : null };
    }, [method, path, body]);
    if (answer.status >= 400) {
      throw Object.assign(new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.value)}`), answer);
    }
    return answer.value;
  }

  state() {
    return this.send('GET', '/state');
  }

  close() {
    return this.page.close();
  }
}
