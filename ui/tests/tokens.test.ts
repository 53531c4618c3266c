import { afterEach, expect, test, vi } from 'vitest';
import { tokens } from '../src/dock/browser';

const CRM = 'https://crm.example:8443';
const KEY = `omnibar.dock.${CRM}`;

afterEach(() => {
  vi.restoreAllMocks();
  localStorage.clear();
});

/** As browsers do in a frame of another site when such cookies are blocked. */
function withoutStorage(): string[] {
  vi.spyOn(window, 'localStorage', 'get').mockImplementation(() => {
    throw new DOMException('denied', 'SecurityError');
  });
  const set: string[] = [];
  let jar = 'other=1';
  vi.spyOn(document, 'cookie', 'get').mockImplementation(() => jar);
  vi.spyOn(document, 'cookie', 'set').mockImplementation((text) => {
    set.push(text);
    const [pair = ''] = text.split('; ');
    jar = text.includes('Max-Age=0') ? 'other=1' : `other=1; ${pair}`;
  });
  return set;
}

test('a token is kept in the storage of the frame', () => {
  expect(tokens.get(CRM)).toBe(null);
  tokens.set(CRM, 'a.b');
  expect(tokens.get(CRM)).toBe('a.b');
  expect(localStorage.getItem(KEY)).toBe('a.b');
  expect(tokens.get('https://other.example')).toBe(null);
  tokens.set(CRM, null);
  expect(localStorage.length).toBe(0);
});

test('without a storage it is kept in a cookie of that site alone', () => {
  const set = withoutStorage();
  expect(tokens.get(CRM)).toBe(null);
  tokens.set(CRM, 'a.b=;c');
  expect(tokens.get(CRM)).toBe('a.b=;c');
  expect(tokens.get('https://other.example')).toBe(null);
  expect(set[0]).toMatch(/; Path=\/omniapp\/toolbar; Secure; SameSite=None; Partitioned$/);
  tokens.set(CRM, null);
  expect(tokens.get(CRM)).toBe(null);
});

test('a storage that is full costs the next load a question, and nothing else', () => {
  vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError');
  });
  expect(() => tokens.set(CRM, 'a.b')).not.toThrow();
  expect(tokens.get(CRM)).toBe(null);
});
