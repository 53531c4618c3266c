// Who may sign in to the tests' PBX. It listens on loopback only and lives as long as a check.

/** The password of every phone, 1001 to 1006 and 2001 to 2002. */
export const PASSWORD = 'not-a-secret';

/** The realm of digests, and the domain in addresses. */
export const DOMAIN = 'pbx.test';

export const AMI = { user: 'rig', password: 'not-a-secret-either' };
export const ARI = { user: 'omnibar', password: 'nor-is-this' };
