// A Salesforce organisation that is as small as a connector's test: its paths, payloads and
// refusals are those of the REST API Developer Guide.
import { Server } from './server.mjs';

const FIELDS = {
  Case: [['Id', 'id', false], ['Subject', 'string', true], ['Description', 'textarea', true]],
  Contact: [['Id', 'id', false], ['FirstName', 'string', true], ['LastName', 'string', true], ['Phone', 'phone', true], ['OtherPhone', 'phone', true]],
};

export const CLIENT = { id: '3MVG9-an-app', secret: 'f2a0 & 77 = 1', refresh: '5Aep861-refresh' };

export async function salesforce() {
  const org = { refreshed: 0, scope: true };
  org.server = await Server.open(async (request, response) => {
    const answer = (status, value) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    const { pathname } = new URL(request.url, 'http://org');
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    if (pathname === '/services/oauth2/token') {
      const form = new URLSearchParams(body);
      const known = form.get('grant_type') === 'refresh_token' && form.get('client_id') === CLIENT.id &&
        form.get('client_secret') === CLIENT.secret && form.get('refresh_token') === CLIENT.refresh;
      if (!known) return answer(400, { error: 'invalid_grant', error_description: 'expired access/refresh token' });
      org.refreshed += 1;
      return answer(200, { access_token: `access-${org.refreshed}`, token_type: 'Bearer' });
    }
    if (pathname === '/services/data/') return answer(200, [{ version: '61.0' }, { version: '62.0' }]);
    if (request.headers.authorization !== `Bearer access-${org.refreshed}`) {
      return answer(401, [{ errorCode: 'INVALID_SESSION_ID', message: 'Session expired or invalid' }]);
    }
    if (!org.scope) return answer(403, [{ errorCode: 'INSUFFICIENT_SCOPE', message: 'This session is not for the API' }]);
    const described = /^\/services\/data\/v62\.0\/sobjects\/(\w+)\/describe$/.exec(pathname);
    const fields = FIELDS[described?.[1]];
    if (fields) {
      return answer(200, {
        fields: fields.map(([name, type, writable]) => ({
          name, label: name, type, createable: writable, updateable: writable, nillable: true, filterable: type !== 'textarea',
        })),
      });
    }
    if (pathname === '/services/data/v62.0/query') {
      return answer(200, { totalSize: 1, done: true, records: [{ Id: '500dL000001oNE0001', Subject: 'Generator', Description: null }] });
    }
    answer(404, [{ errorCode: 'NOT_FOUND', message: 'no such resource' }]);
  });
  org.origin = org.server.origin;
  org.close = () => org.server.close();
  return org;
}
