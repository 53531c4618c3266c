/** What a page's developer reads in the errors that the frame itself makes. */
export const bridge = {
  tooMany: 'Too many calls are waiting for an answer. Wait for some of them first.',
  tooLong: (most: number) => `The arguments are too long: at most ${most} bytes as JSON on this way.`,
  tooDeep: 'The arguments are nested too deep: at most 31 levels.',
  notAList: 'The arguments of a call are a list.',
  notJson: 'The arguments cannot be written as JSON.',
  cut: 'The connection to Omnibar was cut before it answered. Whether it was done is not known.',
  replaced: 'Another sign-in was asked for meanwhile.',
  needsPassword: 'username and password are required: through the centre they tell which desktop is meant.',
  mismatch: (said: string, is: string) =>
    `origin in the configuration is ${said}, but the page is ${is}. Give the page’s own origin.`,
};
