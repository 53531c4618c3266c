/** ITU-T E.161 letters under the digits. */
export const KEYS: readonly { digit: string; letters: string; name: string }[] = [
  { digit: '1', letters: '', name: '1' },
  { digit: '2', letters: 'ABC', name: '2' },
  { digit: '3', letters: 'DEF', name: '3' },
  { digit: '4', letters: 'GHI', name: '4' },
  { digit: '5', letters: 'JKL', name: '5' },
  { digit: '6', letters: 'MNO', name: '6' },
  { digit: '7', letters: 'PQRS', name: '7' },
  { digit: '8', letters: 'TUV', name: '8' },
  { digit: '9', letters: 'WXYZ', name: '9' },
  { digit: '*', letters: '', name: 'star' },
  { digit: '0', letters: '+', name: '0' },
  { digit: '#', letters: '', name: 'hash' },
];
