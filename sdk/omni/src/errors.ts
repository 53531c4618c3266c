import type { ErrorType, SdkError } from './messages.js';

const CODES = {
  TIMEOUT: 1000,
  INVALID_ORIGIN: 1003,
  REQUIRED_FIELD_MISSING: 2001,
  HTTP_ERROR: 3000,
  DATA_NOT_FOUND: 4000,
} as const;

// A plain value, as the contract has it: it survives JSON and structured clones.
export function failure(errorType: ErrorType, description: string): SdkError {
  return { errorType, errorCode: CODES[errorType], description };
}
