import { failure } from './errors.js';
import { LONGEST_CALL, type FormPart, type FormParts } from './messages.js';

/** Arguments as the JSON values that reach the core, or a rejection that says why not. */
export async function sendable(args: unknown[]): Promise<unknown[]> {
  const text = encode(await Promise.all(args.map(withoutForms)));
  const size = new TextEncoder().encode(text).length;
  if (size > LONGEST_CALL) {
    throw failure('HTTP_ERROR', `413: the arguments take ${size} bytes of at most ${LONGEST_CALL}`);
  }
  return JSON.parse(text) as unknown[];
}

function encode(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw failure(
      'REQUIRED_FIELD_MISSING',
      `the arguments cannot be sent as JSON: ${(cause as Error).message}`,
    );
  }
}

// A form stands alone (positional arguments) or as a field (one object that names them).
async function withoutForms(argument: unknown): Promise<unknown> {
  if (argument instanceof FormData) return parts(argument);
  if (typeof argument !== 'object' || argument === null || Array.isArray(argument)) return argument;
  const fields = Object.entries(argument);
  if (!fields.some(([, value]) => value instanceof FormData)) return argument;
  const plain = fields.map(async ([key, value]) => [
    key,
    value instanceof FormData ? await parts(value) : value,
  ]);
  return Object.fromEntries(await Promise.all(plain)) as unknown;
}

async function parts(form: FormData): Promise<FormParts> {
  return { $form: await Promise.all([...form].map(part)) };
}

async function part([name, value]: [string, FormDataEntryValue]): Promise<FormPart> {
  if (typeof value === 'string') return { name, value };
  return { name, filename: value.name, type: value.type, base64: await base64(value) };
}

function base64(file: Blob): Promise<string> {
  if (file.size > LONGEST_CALL) {
    return Promise.reject(
      failure('HTTP_ERROR', `413: a file has ${file.size} bytes of at most ${LONGEST_CALL}`),
    );
  }
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve((reader.result as string).split(',')[1] ?? '');
    reader.onerror = () =>
      reject(failure('HTTP_ERROR', `a file cannot be read: ${reader.error?.message ?? ''}`));
    reader.readAsDataURL(file);
  });
}
