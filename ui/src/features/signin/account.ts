import type { PhoneAccount } from '../../contract/generated';

export const EMPTY: PhoneAccount = { server: '', user: '', display: '', ca: '', voicemail: '', echo: '' };

export function trimmed(account: PhoneAccount): PhoneAccount {
  const { server, user, display, ca, voicemail, echo } = account;
  return {
    server: server.trim(),
    user: user.trim(),
    display: display.trim(),
    ca: ca.trim(),
    voicemail: voicemail.trim(),
    echo: echo.trim(),
  };
}
